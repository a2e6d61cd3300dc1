import { type Bench, median, p99, type Rounds, type Scale } from "../bench.ts";
import { type Entry, type Home, startTraffic } from "../traffic/arena.ts";
import { packedNote } from "../traffic/cargo.ts";
import { roundTrips } from "../traffic/pair.ts";

type Quantity = "roundTripMs";

const total: Readonly<Record<Scale, number>> = { full: 1_000, quick: 500 };
const rawName = "raw channel";

function roundTripBench(
  home: Home,
  who: string,
  rounds: Rounds,
  others: Readonly<Record<string, Entry>>,
): Bench<Quantity> {
  const name = `round-trip-${home}-${home}`;
  const row = { unit: "ms", better: "lower", quantity: "roundTripMs" } as const;
  const what = `100 bytes there and back, nothing else under way, ${who}`;
  return {
    name,
    rounds,
    warmUps: 2,
    timeoutMs: 60_000,
    rows: [
      {
        ...row,
        name,
        about: `${what}: half of all are faster.`,
        statistic: median,
        marks: [{ of: "ratio", limit: 1.25, beside: rawName }],
      },
      {
        ...row,
        name: `${name}-p99`,
        about: `${what}: 99 of 100 are faster.`,
        statistic: p99,
        marks: [{ of: "ratio", limit: 1.5, beside: rawName }],
      },
    ],
    start: (scale) =>
      startTraffic(
        home,
        {
          ours: { way: "skein", cargo: packedNote },
          peers: { [rawName]: { way: "raw", cargo: packedNote }, ...others },
        },
        (pair) => roundTrips(pair, total[scale]),
      ),
  };
}

export const roundTripNodeNode = roundTripBench(
  "node",
  "between two Node processes",
  { full: 30, quick: 4 },
  { "simple-peer": { way: "simple-peer", cargo: packedNote } },
);

export const roundTripChromiumChromium = roundTripBench(
  "chromium",
  "between two pages of one Chromium",
  { full: 30, quick: 4 },
  { "PeerJS binary": { way: "peerjs", cargo: packedNote } },
);
