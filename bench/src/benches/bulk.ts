import { type Bench, median, type Rounds, type Scale } from "../bench.ts";
import { type Entry, type Home, startTraffic } from "../traffic/arena.ts";
import { bulkRate } from "../traffic/pair.ts";

type Quantity = "megabytesPerSecond";

const kib = 1_024;
const mib = 1_048_576;
const totalBytes: Readonly<Record<Scale, number>> = { full: 64 * mib, quick: 16 * mib };
const raw = (size: number): Entry => ({ way: "raw", cargo: { kind: "block", bytes: size * kib } });
/** The sizes of frame among which a raw channel has its best. */
const rawSizes = { "raw, 16 KiB": raw(16), "raw, 64 KiB": raw(64), "raw, 256 KiB": raw(256) };

function bulkBench(home: Home, who: string, rounds: Rounds, others: Readonly<Record<string, Entry>>): Bench<Quantity> {
  const name = `bulk-${home}-${home}`;
  return {
    name,
    rounds,
    warmUps: 1,
    timeoutMs: 60_000,
    rows: [
      {
        name,
        about: `64 MiB in messages of 1 MiB, ${who}. A raw channel is filled with frames of one size.`,
        unit: "MB/s",
        better: "higher",
        quantity: "megabytesPerSecond",
        statistic: median,
        marks: Object.keys(rawSizes).map((beside) => ({ of: "ratio", limit: 0.95, beside })),
      },
    ],
    start: (scale) =>
      startTraffic(
        home,
        { ours: { way: "skein", cargo: { kind: "block", bytes: mib } }, peers: { ...rawSizes, ...others } },
        (pair) => bulkRate(pair, totalBytes[scale]),
      ),
  };
}

export const bulkNodeNode = bulkBench(
  "node",
  "between two Node processes",
  { full: 15, quick: 3 },
  {
    "simple-peer, 64 KiB": { way: "simple-peer", cargo: { kind: "block", bytes: 64 * kib } },
  },
);

export const bulkChromiumChromium = bulkBench(
  "chromium",
  "between two pages of one Chromium",
  { full: 9, quick: 1 },
  { "PeerJS, 1 MiB": { way: "peerjs", cargo: { kind: "block", bytes: mib } } },
);
