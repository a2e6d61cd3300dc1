import { createServer } from "@skein/server";
import { type Bench, median, type Statistic } from "../bench.ts";
import { GapPair } from "../gap/pair.ts";
import { slowProxy } from "../gap/slow-proxy.ts";

type Quantity = "ms";

const p95: Statistic = { kind: "quantile", at: 0.95 };
const row = { unit: "ms", better: "lower", quantity: "ms" } as const;

/** One sample a pair: what was learned of a path that failed is held against it. */
function fresh(sample: (pair: GapPair) => Promise<number>, isBlocked = false): Bench<Quantity>["start"] {
  return async () => {
    const server = await createServer({ port: 0 });
    let rooms = 0;
    return {
      ours: {
        async sample() {
          await using pair = await GapPair.open(server.url, `room-${++rooms}`, { policy: "fallback" }, isBlocked);
          return { ms: await sample(pair) };
        },
      },
      peers: {},
      [Symbol.asyncDispose]: () => server.close(),
    };
  };
}

export const gapCut: Bench<Quantity> = {
  name: "gap-cut",
  rounds: { full: 20, quick: 3 },
  warmUps: 1,
  timeoutMs: 30_000,
  rows: [
    {
      ...row,
      name: "gap-cut-p95",
      about:
        "The direct path is cut, and nobody is told: from the cut to the next message at the other side, over the relay. A message goes every 5 ms; 19 of 20 gaps are shorter.",
      statistic: p95,
      marks: [{ of: "ours", limit: 5_000 }],
    },
  ],
  start: fresh((pair) =>
    pair.gapMs(({ wire }) => {
      wire.isCut = true;
    }),
  ),
};

export const gapNetworkChange: Bench<Quantity> = {
  name: "gap-network-change",
  rounds: { full: 20, quick: 3 },
  warmUps: 1,
  timeoutMs: 30_000,
  rows: [
    {
      ...row,
      name: "gap-network-change-p95",
      about: "The same, where the platform tells of a change of network at the moment of the cut.",
      statistic: p95,
      marks: [{ of: "ours", limit: 500 }],
    },
  ],
  start: fresh((pair) =>
    pair.gapMs(({ wire, network }) => {
      wire.isCut = true;
      network.change();
    }),
  ),
};

/** The server is so far away in each direction. */
const farMs = 50;

export const relayFirst: Bench<Quantity> = {
  name: "relay-first",
  rounds: { full: 15, quick: 3 },
  warmUps: 1,
  timeoutMs: 30_000,
  rows: [
    {
      ...row,
      name: "relay-first",
      about: `The policy \`first\`, and a server ${2 * farMs} ms away, there and back: from seeing the peer to its first message.`,
      statistic: median,
      // Two round trips, and what both sides take for keys and cards.
      marks: [{ of: "ours", limit: 2 * 2 * farMs + 20 }],
    },
  ],
  async start() {
    const server = await createServer({ port: 0 });
    const proxy = await slowProxy(server.url, farMs);
    let rooms = 0;
    return {
      ours: { sample: async () => ({ ms: await GapPair.firstMessageMs(proxy.url, `room-${++rooms}`) }) },
      peers: {},
      async [Symbol.asyncDispose]() {
        proxy.close();
        await server.close();
      },
    };
  },
};

export const relayAfterChecking: Bench<Quantity> = {
  name: "relay-after-checking",
  rounds: { full: 3, quick: 1 },
  warmUps: 0,
  timeoutMs: 30_000,
  rows: [
    {
      ...row,
      name: "relay-after-checking",
      about: "No direct path can be had, and no engine says so: from seeing the peer to the link over the relay.",
      statistic: median,
      marks: [{ of: "ours", limit: 10_500 }],
    },
  ],
  start: fresh((pair) => pair.openMs(), true),
};
