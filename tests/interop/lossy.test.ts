import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AnyAgent } from "./support/browsers.ts";
import { type EngineName, World } from "./support/engines.ts";

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.endAgents());
afterAll(() => world[Symbol.asyncDispose]());

const pairs: readonly (readonly [EngineName, EngineName])[] = [
  ["node", "node"],
  ["node", "chromium"],
  ["node", "firefox"],
  ["chromium", "firefox"],
];

async function joined(engines: readonly [EngineName, EngineName], relayed: boolean) {
  const room = world.freshRoom();
  const [a, b] = await Promise.all([world.agent(engines[0]), world.agent(engines[1])]);
  const [idA, idB] = await Promise.all(
    [a, b].map((agent, i) =>
      agent.join({ server: world.server.url, room, name: String(i), relay: relayed ? "only" : "never" }),
    ),
  );
  const path = relayed ? "relay" : "direct";
  expect([...(await a.connected(1)), ...(await b.connected(1))]).toMatchObject([{ path }, { path }]);
  return { a, b, idA: idA as string, idB: idB as string };
}

/** Sends points until some came, more than the path takes at once, and numbers among them. */
async function point(from: AnyAgent, to: AnyAgent, id: string): Promise<void> {
  while ((await to.pointed(0)).length < 20) {
    await from.point(id, 5);
    await from.echo(id, null);
  }
  await Promise.all([from.point(id, 20_000), from.flood(id, 2_000)]);
  expect(await to.counted(2_000)).toEqual([]);
}

describe.each(pairs)("%s and %s", (...engines) => {
  it.each([
    ["direct", false],
    ["relay", true],
  ] as const)("get each lossy message at most once, in order, over the %s path", async (_path, relayed) => {
    const { a, b, idA, idB } = await joined(engines, relayed);
    for (const [from, to, id] of [
      [a, b, idB],
      [b, a, idA],
    ] as const) {
      await point(from, to, id);
      const points = await to.pointed(20);
      expect(points).toEqual([...new Set(points)].sort((one, other) => one - other));
      expect((await from.stats()).messagesDropped).toBeGreaterThan(0);
      const frames = await from.lossyFrames();
      expect(relayed ? frames : Math.min(frames, 1)).toBe(relayed ? 0 : 1);
      expect((await to.stats()).rejected).toEqual({});
    }
  });
});
