import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { AnyAgent } from "./support/browsers.ts";
import { type EngineName, World } from "./support/engines.ts";
import { HostProcess } from "./support/processes.ts";

let world: World;
const hosts: HostProcess[] = [];
beforeAll(async () => {
  world = await World.create();
});
afterEach(async () => {
  await world.endAgents();
  await Promise.all(hosts.splice(0).map((process) => process.kill()));
});
afterAll(() => world[Symbol.asyncDispose]());

const pairs: readonly (readonly [EngineName, EngineName])[] = [
  ["node", "node"],
  ["node", "chromium"],
  ["chromium", "firefox"],
];

/** A server in a process of its own, which can be killed and started again under the same address. */
class Restartable {
  #process = new HostProcess();
  #url = "";

  static async start(): Promise<Restartable> {
    const server = new Restartable();
    server.#url = await server.#process.serve({ port: 0 });
    hosts.push(server.#process);
    return server;
  }

  get url(): string {
    return this.#url;
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  async restart(): Promise<void> {
    this.#process = new HostProcess();
    hosts.push(this.#process);
    await this.#process.serve({ port: Number(new URL(this.#url).port) });
  }
}

it.each(pairs)(
  "%s and %s: are linked over the relay, and no direct path is tried, where that is the policy",
  async (...engines) => {
    const { a, b, idB } = await linked(engines, world.server.url, "only");
    await Promise.all([a.logged("path relay b"), b.logged("path relay a")]);
    const body = { deep: ["x".repeat(300_000)] };
    expect(await a.echo(idB, body)).toEqual(body);
    expect(await a.cut()).toBe(0);
  },
);

it.each(pairs)("%s and %s: relay first, and climb to the direct path", async (...engines) => {
  const { a, b, idA, idB } = await linked(engines, world.server.url, "first");
  const floods = Promise.all([a.flood(idB, 20_000), b.flood(idA, 20_000)]);
  await Promise.all([a.logged("path direct b"), b.logged("path direct a")]);
  expect(await Promise.all([a.counted(20_000), b.counted(20_000)])).toEqual([[], []]);
  await floods;
  for (const agent of [a, b]) {
    await expect(agent.logged("peer-disconnected", 0, 1)).rejects.toThrow("waited");
  }
});

it.each(pairs)(
  "%s and %s: 100,000 numbers each way, over paths cut, blocked, relayed and restored, and servers killed: none lost, repeated or out of order",
  async (...engines) => {
    const server = await Restartable.start();
    const { a, b, idA, idB } = await linked(engines, server.url, "fallback");
    await a.logged("path direct b");
    const ends: readonly [AnyAgent, string][] = [
      [a, "b"],
      [b, "a"],
    ];
    const seen = [0, 0];
    /** Both sides use this path, since the last such wait. */
    const untilOn = async (path: string) => {
      await Promise.all(
        ends.map(async ([agent, other], side) => {
          seen[side] = (await agent.logged(`path ${path} ${other}`, seen[side], 60_000)) + 1;
        }),
      );
    };
    await untilOn("direct");
    const block = (isUp: boolean) => Promise.all(ends.map(([agent]) => agent.block(isUp)));

    const moves: readonly (() => Promise<unknown>)[] = [
      async () => {
        await a.cut();
        await untilOn("direct");
      },
      async () => {
        await block(true);
        await b.cut();
        await untilOn("relay");
      },
      async () => {
        await server.kill();
        await block(false);
        await server.restart();
        await untilOn("direct");
      },
      async () => {
        await server.kill();
        await server.restart();
        await Promise.all(ends.map(([agent], side) => agent.logged("server-connected", seen[side])));
      },
      async () => {
        await block(true);
        await a.cut();
        await untilOn("relay");
      },
    ];
    const count = 100_000 / moves.length;
    for (const [phase, move] of moves.entries()) {
      const [first, last] = [phase * count, (phase + 1) * count];
      const floods = Promise.all([a.flood(idB, last, first), b.flood(idA, last, first)]);
      await a.counted(first + count / 10);
      await move();
      expect(await Promise.all([a.counted(last), b.counted(last)])).toEqual([[], []]);
      await floods;
    }
    for (const agent of [a, b]) {
      expect((await agent.stats()).messagesReceived).toBe(100_001);
      await expect(agent.logged("peer-disconnected", 0, 1)).rejects.toThrow("waited");
    }
  },
);

async function linked(
  engines: readonly [EngineName, EngineName],
  server: string,
  relay: "first" | "only" | "fallback",
) {
  const [a, b] = (await Promise.all(engines.map((engine) => world.agent(engine)))) as [AnyAgent, AnyAgent];
  const join = { server, room: world.freshRoom(), relay };
  const idA = await a.join({ ...join, name: "a" });
  const idB = await b.join({ ...join, name: "b" });
  await Promise.all([a.connected(1), b.connected(1)]);
  return { a, b, idA, idB };
}
