import { type Bench, median, type RowDefinition, type Scale } from "../bench.ts";
import { startTraffic } from "../traffic/arena.ts";
import { jsonNote, packedNote } from "../traffic/cargo.ts";
import { messageRate } from "../traffic/pair.ts";

type Quantity = "perSecond";

const row = { unit: "messages/s", better: "higher", quantity: "perSecond", statistic: median } as const;
const total: Readonly<Record<Scale, number>> = { full: 60_000, quick: 20_000 };

export const messagesNodeNode: Bench<Quantity> = {
  name: "messages-node-node",
  rounds: { full: 21, quick: 5 },
  warmUps: 2,
  timeoutMs: 60_000,
  rows: [
    {
      ...row,
      name: "messages-node-node",
      about: "Messages of 100 bytes, each of its type and checked on both sides, between two Node processes.",
      marks: [
        { of: "ratio", limit: 2, beside: "raw polyfill" },
        { of: "ratio", limit: 3, beside: "simple-peer" },
      ],
    } satisfies RowDefinition<Quantity>,
  ],
  start: (scale) =>
    startTraffic(
      "node",
      {
        ours: { way: "skein", cargo: packedNote },
        peers: {
          "raw polyfill": { way: "raw", cargo: packedNote },
          "raw polyfill, JSON": { way: "raw-json", cargo: packedNote },
          "simple-peer": { way: "simple-peer", cargo: packedNote },
        },
      },
      (pair) => messageRate(pair, total[scale]),
    ),
};

export const messagesChromiumChromium: Bench<Quantity> = {
  name: "messages-chromium-chromium",
  rounds: { full: 15, quick: 3 },
  warmUps: 2,
  timeoutMs: 60_000,
  rows: [
    {
      ...row,
      name: "messages-chromium-chromium",
      about:
        "Objects of 98 bytes as JSON, each of its type and checked on both sides, between two pages of one Chromium.",
      marks: [
        { of: "ratio", limit: 4, beside: "raw channel, JSON" },
        { of: "ratio", limit: 10, beside: "PeerJS binary" },
      ],
    },
  ],
  start: (scale) =>
    startTraffic(
      "chromium",
      {
        ours: { way: "skein", cargo: jsonNote },
        peers: {
          "raw channel, JSON": { way: "raw-json", cargo: jsonNote },
          "PeerJS binary": { way: "peerjs", cargo: jsonNote },
        },
      },
      (pair) => messageRate(pair, total[scale] / 2),
    ),
};
