import { setTimeout as after } from "node:timers/promises";
import { type Bench, type Contestant, type Mark, median, type Rounds, type Sample, type Scale } from "../bench.ts";
import { Child } from "../child.ts";
import { forwardBytes } from "../load/dialect.ts";
import type { Generator, LoadOptions } from "../load/generator.ts";
import { ensureOpenFiles } from "../open-files.ts";
import type { MeasuredServer } from "../servers/measured.ts";

type Quantity = "cpuMicros" | "perSecond";

interface Shape {
  /** What its rows' names end in. */
  readonly suffix: string;
  readonly connections: number;
  /** Forwards of one connection that may be on their way at the same time. Bounded, so that nothing piles up. */
  readonly inFlight: number;
  readonly rounds: Rounds;
  /** Beside whom it is measured. */
  readonly peers: readonly PeerName[];
  readonly cpuMarks: readonly Mark[];
  readonly rateMarks: readonly Mark[];
}

const dialects = { "peerjs-server": "peerjs", "y-webrtc": "y-webrtc", "socket.io": "socketio" } as const;
type PeerName = keyof typeof dialects;
const everyone: readonly PeerName[] = ["peerjs-server", "y-webrtc", "socket.io"];

/** How long a load runs before and while it is measured. */
const times: Readonly<Record<Scale, { readonly settleMs: number; readonly windowMs: number }>> = {
  full: { settleMs: 500, windowMs: 2_000 },
  quick: { settleMs: 300, windowMs: 1_000 },
};

function forwardBench(shape: Shape): Bench<Quantity> {
  const { suffix, connections, inFlight, rounds, cpuMarks, rateMarks } = shape;
  const load = `${forwardBytes}-byte forwards among ${connections.toLocaleString("en")} connections`;
  const atOnce = inFlight === 1 ? "one of each sender on its way at a time" : `${inFlight} of each sender on their way`;
  return {
    name: `server-forward${suffix}`,
    rounds,
    warmUps: 1,
    timeoutMs: 180_000,
    rows: [
      {
        name: `server-forward-cpu${suffix}`,
        about: `Processor time of the server's process for each forward: ${load}, ${atOnce}.`,
        unit: "µs",
        better: "lower",
        quantity: "cpuMicros",
        statistic: median,
        marks: cpuMarks,
      },
      {
        name: `server-forward-rate${suffix}`,
        about: `What passes one server in a second: ${load}, ${atOnce}.`,
        unit: "forwards/s",
        better: "higher",
        quantity: "perSecond",
        statistic: median,
        marks: rateMarks,
      },
    ],
    async start(scale) {
      const resources = new AsyncDisposableStack();
      try {
        ensureOpenFiles(connections + 200);
        const [ours, ...peers] = await Promise.all([
          loaded(resources, "skein", shape, scale),
          ...shape.peers.map(async (name) => [name, await loaded(resources, dialects[name], shape, scale)] as const),
        ]);
        return { ours, peers: Object.fromEntries(peers), [Symbol.asyncDispose]: () => resources.disposeAsync() };
      } catch (error) {
        await resources.disposeAsync();
        throw error;
      }
    },
  };
}

/** A server in its process, and a load that waits in another. */
async function loaded(
  resources: AsyncDisposableStack,
  dialect: LoadOptions["dialect"],
  { connections, inFlight }: Shape,
  scale: Scale,
): Promise<Contestant<Quantity>> {
  const server = resources.use(new Child<MeasuredServer>(new URL(`../servers/${dialect}.ts`, import.meta.url)));
  const generator = resources.use(new Child<Generator>(new URL("../load/generator.ts", import.meta.url)));
  await generator.call("open", { dialect, url: await server.call("listen"), connections });
  return { sample: () => measure(server, generator, inFlight, scale) };
}

async function measure(
  server: Child<MeasuredServer>,
  generator: Child<Generator>,
  inFlight: number,
  scale: Scale,
): Promise<Sample<Quantity>> {
  const { settleMs, windowMs } = times[scale];
  const look = () => Promise.all([server.call("cpuMicros"), generator.call("arrived")]);
  await generator.call("start", inFlight);
  await after(settleMs);
  const [cpuBefore, before] = await look();
  await after(windowMs);
  const [cpuAfter, now] = await look();
  await generator.call("stop");
  await generator.call("check");
  const forwards = now.forwards - before.forwards;
  return {
    cpuMicros: (cpuAfter - cpuBefore) / forwards,
    perSecond: (1000 * forwards) / (now.atMs - before.atMs),
  };
}

const atLeastEqual: readonly Mark[] = [{ of: "ratio", limit: 1 }];

/** Nothing that comes together can be read together: what each forward costs by itself. */
export const serverForward = forwardBench({
  suffix: "",
  connections: 100,
  inFlight: 1,
  rounds: { full: 7, quick: 3 },
  peers: everyone,
  cpuMarks: [{ of: "ratio", limit: 0.7, beside: "peerjs-server" }],
  rateMarks: [
    { of: "ratio", limit: 1.3, beside: "peerjs-server" },
    { of: "ratio", limit: 1.9, beside: "socket.io" },
  ],
});

/** Runs of forwards from one to the same other, as the candidates of an offer are. */
export const serverForwardBurst = forwardBench({
  suffix: "-burst",
  connections: 100,
  inFlight: 10,
  rounds: { full: 7, quick: 3 },
  peers: ["peerjs-server"],
  cpuMarks: atLeastEqual,
  rateMarks: atLeastEqual,
});

export const serverForwardThousands = forwardBench({
  suffix: "-5000",
  connections: 5_000,
  inFlight: 1,
  rounds: { full: 7, quick: 0 },
  peers: ["peerjs-server"],
  cpuMarks: [{ of: "ratio", limit: 0.9 }],
  rateMarks: atLeastEqual,
});
