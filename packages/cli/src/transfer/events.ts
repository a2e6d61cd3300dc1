import type { Peer } from "@skein/client";
import type { OutputEvent } from "../stdio/envelope.js";
import type { Entry, Outcome } from "./protocol.js";
import type { Sum } from "./tally.js";

/** What became of an entry, as a line of JSON tells it. */
export function settledEvent(entry: Entry, { is, ...more }: Outcome): OutputEvent {
  return { event: "settled", path: entry.path, kind: entry.kind, outcome: is, ...more };
}

/** The end of a transfer, as a line of JSON tells it. */
export function tallyEvent({
  tally: { counts, receivedBytes },
  carriedBytes,
  ms,
}: Sum): Readonly<Record<string, number>> {
  return { ...counts, bytes: receivedBytes, carriedBytes, ms: Math.round(ms) };
}

/** A peer, as lines of JSON about transfers name it. */
export function partyOf({ id, card }: Peer): { readonly id: string; readonly name?: string } {
  return { id, ...(card.name === undefined ? {} : { name: card.name }) };
}

/** Between two lines about progress. */
const paceMs = 250;

/** Says whether it is time for another line about progress. */
export function createPacer(): (nowMs: number) => boolean {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    if (nowMs - toldMs < paceMs) return false;
    toldMs = nowMs;
    return true;
  };
}
