import type { BrokerKind } from "../../../packages/server/src/backplane/broker.test-support.ts";
import { type Bench, type Contestant, median, p99, type RowDefinition, type Sample } from "../bench.ts";
import { Child } from "../child.ts";
import type { Crowd } from "../load/crowd.ts";
import { ensureOpenFiles } from "../open-files.ts";
import { Nodes } from "../servers/nodes.ts";

type Quantity = "changeMs" | "joinBytes";

const members = 1_000;
const nodeCount = 3;

/** One more comes and goes, while a thousand are told of it on three nodes. */
function backplanePresence(kind: BrokerKind): Bench<Quantity> {
  const where = `${members.toLocaleString("en")} peers in one room over ${nodeCount} nodes with ${kind}`;
  const rows: readonly RowDefinition<Quantity>[] = [
    {
      name: `backplane-presence-${kind}`,
      about: `From a peer's first byte, or its leave, until each of the others was told, the 99th of a hundred: ${where}.`,
      unit: "ms",
      better: "lower",
      quantity: "changeMs",
      statistic: p99,
      marks: [{ of: "ours", limit: 2_000 }],
    },
    {
      name: `backplane-join-bytes-${kind}`,
      about: `What the nodes give to the backplane for a join and a leave: ${where}.`,
      unit: "bytes",
      better: "lower",
      quantity: "joinBytes",
      statistic: median,
    },
  ];
  return {
    name: `backplane-presence-${kind}`,
    rounds: { full: 21, quick: 9 },
    warmUps: 1,
    timeoutMs: 120_000,
    rows,
    async start() {
      const resources = new AsyncDisposableStack();
      try {
        ensureOpenFiles(members + 200);
        const nodes = resources.use(await Nodes.start(kind, nodeCount, members + 10));
        const crowd = resources.use(new Child<Crowd>(new URL("../load/crowd.ts", import.meta.url)));
        await crowd.call("fill", nodes.urls, members);
        return { ours: contestant(nodes, crowd), peers: {}, [Symbol.asyncDispose]: () => resources.disposeAsync() };
      } catch (error) {
        await resources.disposeAsync();
        throw error;
      }
    },
  };
}

function contestant(nodes: Nodes, crowd: Child<Crowd>): Contestant<Quantity> {
  let round = 0;
  return {
    async sample(): Promise<Sample<Quantity>> {
      const url = nodes.urls[round++ % nodes.urls.length] as string;
      const before = await nodes.bytesOut();
      const { joinMs, leaveMs } = await crowd.call("change", url);
      return { changeMs: [joinMs, leaveMs], joinBytes: (await nodes.bytesOut()) - before };
    },
  };
}

export const backplanePresences: readonly Bench<Quantity>[] = (["redis", "nats"] as const).map(backplanePresence);
