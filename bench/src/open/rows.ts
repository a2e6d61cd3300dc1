import { median, p90, type RowDefinition, shareAbove } from "../bench.ts";
import type { Quantity } from "./meet.ts";

/** A wait that people notice, and that comes of a lost packet which is sent again a second later. */
const stallMs = 900;

/** The rows of how long it takes to meet, for two of a kind. */
export function openRows(name: string, who: string): RowDefinition<Quantity>[] {
  const row = { unit: "ms", better: "lower", quantity: "openMs" } as const;
  const link = `From seeing the other to its first message, ${who}`;
  const what = `From joinRoom() to the first message of the one that was there before, ${who}`;
  return [
    { ...row, name, about: `${what}: half of all opens are faster.`, statistic: median },
    { ...row, name: `${name}-p90`, about: `${what}: nine of ten opens are faster.`, statistic: p90 },
    {
      ...row,
      name: `${name}-link`,
      about: `${link}: half of all opens are faster.`,
      quantity: "linkMs",
      statistic: median,
      marks: [{ of: "difference", limit: 5 }],
    },
    {
      ...row,
      name: `${name}-stalled`,
      about: `The share of those opens that took more than ${stallMs / 1000} s.`,
      unit: "%",
      statistic: shareAbove(stallMs),
      marks: [{ of: "ours", limit: 0.5 }],
    },
  ];
}
