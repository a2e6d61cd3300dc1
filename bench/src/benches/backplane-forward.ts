import { setTimeout as after } from "node:timers/promises";
import type { BrokerKind } from "../../../packages/server/src/backplane/broker.test-support.ts";
import { type Bench, type Contestant, median, p99, type Sample, type Scale } from "../bench.ts";
import { Child } from "../child.ts";
import { forwardBytes } from "../load/dialect.ts";
import type { Generator } from "../load/generator.ts";
import { Nodes } from "../servers/nodes.ts";

interface Placement {
  readonly kind: BrokerKind | undefined;
  readonly count: number;
  readonly spread: "turns" | "rooms";
}

type Quantity = "cpuMicros" | "brokerMicros" | "perSecond" | "latencyMs";

const connections = 120;

const times: Readonly<Record<Scale, { readonly settleMs: number; readonly windowMs: number }>> = {
  full: { settleMs: 500, windowMs: 2_000 },
  quick: { settleMs: 300, windowMs: 1_000 },
};

/**
 * Members of each room go to the nodes by turns, so that (nearly) each forward goes from one node to another; beside the same nodes with
 * each room on one of them.
 */
function backplaneForward(kind: BrokerKind, nodes: number, inFlight: number): Bench<Quantity> {
  const suffix = inFlight === 1 ? "" : "-burst";
  const load = `${forwardBytes}-byte forwards among ${connections} connections, ${inFlight} of each sender on their way`;
  const row = (name: string, about: string, unit: string, better: "lower" | "higher", quantity: Quantity) => ({
    name: `backplane-${name}-${kind}-${nodes}${suffix}`,
    about: `${about}: ${nodes} nodes with ${kind}, each forward from one to another, beside one server alone, and beside the same with all of a room on one node; ${load}.`,
    unit,
    better,
    quantity,
    statistic: quantity === "latencyMs" ? p99 : median,
  });
  return {
    name: `backplane-forward-${kind}-${nodes}${suffix}`,
    rounds: { full: 7, quick: 3 },
    warmUps: 1,
    timeoutMs: 60_000,
    rows: [
      row("cpu", "Processor time of all nodes together for each forward", "µs", "lower", "cpuMicros"),
      row("broker-cpu", "Processor time of what joins them for each forward", "µs", "lower", "brokerMicros"),
      row(
        "rate",
        "What passes in a second, where all processes share the machine",
        "forwards/s",
        "higher",
        "perSecond",
      ),
      row("latency", "From one client to the other at that rate, the 99th of a hundred", "ms", "lower", "latencyMs"),
    ],
    async start(scale) {
      const resources = new AsyncDisposableStack();
      try {
        const ours = await loaded(resources, { kind, count: nodes, spread: "turns" }, inFlight, scale);
        const alone = await loaded(resources, { kind: undefined, count: 1, spread: "turns" }, inFlight, scale);
        const together = await loaded(resources, { kind, count: nodes, spread: "rooms" }, inFlight, scale);
        const peers = { "one server alone": alone, "rooms on one node each": together };
        return { ours, peers, [Symbol.asyncDispose]: () => resources.disposeAsync() };
      } catch (error) {
        await resources.disposeAsync();
        throw error;
      }
    },
  };
}

async function loaded(
  resources: AsyncDisposableStack,
  { kind, count, spread }: Placement,
  inFlight: number,
  scale: Scale,
): Promise<Contestant<Quantity>> {
  const nodes = resources.use(await Nodes.start(kind, count));
  const generator = resources.use(new Child<Generator>(new URL("../load/generator.ts", import.meta.url)));
  await generator.call("open", { dialect: "skein", url: nodes.urls, spread, connections });
  // Members on other nodes are told of by and by, and nothing can be sent to whom a node doesn't know.
  if (kind !== undefined) await after(500);
  return { sample: () => measure(nodes, generator, inFlight, scale) };
}

async function measure(
  nodes: Nodes,
  generator: Child<Generator>,
  inFlight: number,
  scale: Scale,
): Promise<Sample<Quantity>> {
  const { settleMs, windowMs } = times[scale];
  const look = async () => ({
    cpuMicros: await nodes.cpuMicros(),
    brokerMicros: nodes.brokerMicros(),
    ...(await generator.call("arrived")),
  });
  await generator.call("start", inFlight);
  await after(settleMs);
  const before = await look();
  await generator.call("latencies");
  await after(windowMs);
  const now = await look();
  const latencyMs = await generator.call("latencies");
  await generator.call("stop");
  await generator.call("check");
  const forwards = now.forwards - before.forwards;
  return {
    cpuMicros: (now.cpuMicros - before.cpuMicros) / forwards,
    brokerMicros: (now.brokerMicros - before.brokerMicros) / forwards,
    perSecond: (1000 * forwards) / (now.atMs - before.atMs),
    latencyMs,
  };
}

export const backplaneForwards: readonly Bench<Quantity>[] = (["redis", "nats"] as const).flatMap((kind) =>
  [1, 10].flatMap((inFlight) => [2, 3].map((nodes) => backplaneForward(kind, nodes, inFlight))),
);
