import { type Backplane, createMemoryBackplane, createServer } from "@skein/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Broker, type BrokerKind, hasBroker } from "../../packages/server/src/backplane/broker.test-support.ts";
import type { AnyAgent } from "./support/browsers.ts";
import { Engines } from "./support/engines.ts";
import { HostProcess } from "./support/processes.ts";

// Nodes of one server in processes of their own, and peers on different ones that have nothing but the relay between them.

let engines: Engines;
let broker: Broker | undefined;
const nodes = new Map<string, HostProcess>();

beforeAll(() => {
  engines = new Engines();
});
afterEach(async () => {
  await engines.endAgents();
  await Promise.all([...nodes.values()].map((node) => node.kill()));
  nodes.clear();
  await broker?.close();
  broker = undefined;
});
afterAll(() => engines[Symbol.asyncDispose]());

async function start(backplane: string, port = 0): Promise<string> {
  const node = new HostProcess();
  const url = await node.serve({ port }, backplane);
  nodes.set(url, node);
  return url;
}

const count = 100_000;

/** Loses one of so many messages to another node alone, where forwards are, and tells nobody. */
function lossy(inner: Backplane, oneOf: number, lost: () => void): Backplane {
  let published = 0;
  return {
    kind: inner.kind,
    get bufferedBytes() {
      return inner.bufferedBytes;
    },
    start: (listener) => inner.start(listener),
    publish: (subject, bytes) => {
      if (subject.startsWith("node.") && ++published % oneOf === 0) lost();
      else inner.publish(subject, bytes);
    },
    subscribe: (subject) => inner.subscribe(subject),
    unsubscribe: (subject) => inner.unsubscribe(subject),
    close: () => inner.close(),
  };
}

it("what a backplane loses without a word is noticed by the link, and sent again", async () => {
  const memory = createMemoryBackplane();
  let lost = 0;
  const connect = () => lossy(memory.connect(), 20, () => lost++);
  const servers = await Promise.all(
    [0, 1].map(() => createServer({ port: 0, backplane: { backplane: connect(), beatMs: 200 } })),
  );
  try {
    const [a, b] = [await engines.agent("node"), await engines.agent("node")];
    const join = { room: "lab", relay: "only" } as const;
    await a.join({ ...join, server: servers[0]?.url ?? "", name: "a" });
    const idB = await b.join({ ...join, server: servers[1]?.url ?? "", name: "b" });
    await Promise.all([a.connected(1), b.connected(1)]);
    const flow = a.flow(idB);
    expect(await b.counted(2_000)).toEqual([]);
    // Nodes bundle: how many messages that is depends on how busy they are.
    await expect.poll(() => lost, { timeout: 60_000 }).toBeGreaterThan(3);
    await a.stopFlow();
    expect(await b.counted(await flow)).toEqual([]);
  } finally {
    await engines.endAgents();
    await Promise.all(servers.map((server) => server.close()));
  }
});

describe.each<BrokerKind>(["redis", "nats"])("with %s", (kind) => {
  it.skipIf(!hasBroker(kind))(
    "100,000 numbers each way between peers on different nodes, while nodes are killed and the backplane is too: none lost, repeated or out of order",
    async () => {
      const own = await Broker.start(kind);
      broker = own;
      const [one, two, spare] = [await start(own.url), await start(own.url), await start(own.url)];
      const [a, b] = [await engines.agent("node"), await engines.agent("node")];
      const join = { room: "lab", relay: "only" } as const;
      const idA = await a.join({ ...join, server: [one, spare], name: "a" });
      const idB = await b.join({ ...join, server: [two, spare], name: "b" });
      await Promise.all([a.connected(1), b.connected(1)]);

      const restart = async () => {
        await own.kill();
        await own.start();
      };
      const kill = async (agent: AnyAgent, url: string) => {
        const before = agent.logged("server-disconnected");
        await nodes.get(url)?.kill();
        await before;
      };
      const moves: readonly (() => Promise<unknown>)[] = [
        restart,
        () => kill(b, two),
        restart,
        async () => start(own.url, Number(new URL(two).port)),
        () => kill(a, one),
      ];
      const floods = Promise.all([a.flood(idB, count), b.flood(idA, count)]);
      for (const [phase, move] of moves.entries()) {
        await Promise.all([a, b].map((agent) => agent.counted(((phase + 1) * count) / (moves.length + 1))));
        await move();
      }
      expect(await Promise.all([a.counted(count), b.counted(count)])).toEqual([[], []]);
      await floods;
      for (const agent of [a, b]) {
        // The greeting is one more.
        expect((await agent.stats()).messagesReceived).toBe(count + 1);
        expect(await agent.lines("peer-disconnected")).toEqual([]);
        expect(await agent.lines("peer-left")).toEqual([]);
        expect(await agent.lines("path direct")).toEqual([]);
      }
    },
  );
});
