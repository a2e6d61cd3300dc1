import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type EngineName, World } from "./support/engines.ts";

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.endAgents());
afterAll(() => world[Symbol.asyncDispose]());

const pairs: readonly (readonly [EngineName, EngineName, number])[] = [
  ["node", "node", 100_000],
  ["node", "chromium", 100_000],
  ["chromium", "firefox", 100_000],
];

it.each(pairs)(
  "%s and %s: %i numbers each way while the connection is taken away again and again: none lost, repeated or out of order",
  async (first, second, count) => {
    const room = world.freshRoom();
    const [a, b] = await Promise.all([world.agent(first), world.agent(second)]);
    const join = { server: world.server.url, room };
    const idA = await a.join({ ...join, name: "a" });
    const idB = await b.join({ ...join, name: "b" });
    await Promise.all([a.connected(1), b.connected(1)]);

    const floods = Promise.all([a.flood(idB, count), b.flood(idA, count)]);
    // Taken away by either side, each time a fifth more has come; the next only when a path was there again.
    let place = 0;
    for (let cut = 1; cut < 5; cut++) {
      await a.counted((count / 5) * cut);
      place = (await a.logged("path direct b", place)) + 1;
      expect(await (cut % 2 === 0 ? a : b).cut()).toBe(1);
    }
    expect(await Promise.all([a.counted(count), b.counted(count)])).toEqual([[], []]);
    await floods;
    await a.logged("path direct b", place);
    expect((await a.stats()).messagesReceived).toBe(count + 1);
    await expect(a.logged("peer-disconnected", 0, 1)).rejects.toThrow("waited");
  },
);
