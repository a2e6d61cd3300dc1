import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
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
  ["chromium", "node"],
  ["node", "firefox"],
  ["firefox", "node"],
  ["chromium", "chromium"],
  ["chromium", "firefox"],
  ["firefox", "chromium"],
  ["firefox", "firefox"],
];

describe.each(pairs)("%s offers, %s answers", (offerer, answerer) => {
  it("a link opens, and carries messages and requests both ways", async () => {
    const room = world.freshRoom();
    const [a, b] = await Promise.all([world.agent(offerer), world.agent(answerer)]);
    const common = { server: world.server.url, room };
    const [idA, idB] = await Promise.all([
      a.join({ ...common, name: "a", offers: true }),
      b.join({ ...common, name: "b", offers: false }),
    ]);
    const [[seenByA], [seenByB]] = await Promise.all([a.connected(1), b.connected(1)]);
    expect(seenByA).toMatchObject({ id: idB, name: "b", path: "direct" });
    expect(seenByB).toMatchObject({ id: idA, name: "a", path: "direct" });

    await Promise.all([a.sayMany(idB, 500), b.sayMany(idA, 500)]);
    const numbers = Array.from({ length: 500 }, (_, i) => String(i));
    expect((await b.heardCount(500)).map(({ text }) => text)).toEqual(numbers);
    expect((await a.heardCount(500)).map(({ text }) => text)).toEqual(numbers);

    const value = { text: "grüße 👋", list: [1, 2.5, -3, null, true], deep: { a: { b: [] } } };
    expect(await a.echo(idB, value)).toEqual(value);
    expect(await b.echo(idA, value)).toEqual(value);

    // Many windows and frames long.
    const long = "0123456789".repeat(300_000);
    expect(await a.echo(idB, long)).toBe(long);

    expect(await a.giveUp(idB, 50)).toBe("timeout");
    await b.logged("slow cancelled");

    await a.leave();
    await b.logged("peer-left a: left");
    expect(await b.stats()).toMatchObject({ peers: 0, rejected: {} });
  });
});

describe("a room of every engine", () => {
  it("links all with all, by their own rule of who offers", async () => {
    const room = world.freshRoom();
    const engines: EngineName[] = ["node", "node", "chromium", "chromium", "firefox", "firefox"];
    const agents = await Promise.all(engines.map((engine) => world.agent(engine)));
    await Promise.all(agents.map((agent, i) => agent.join({ server: world.server.url, room, name: String(i) })));
    for (const agent of agents) expect(await agent.connected(5)).toHaveLength(5);
  });

  it("keeps those without the secret apart, and nobody is told why", async () => {
    const room = world.freshRoom();
    const [a, b, stranger] = await Promise.all([world.agent("node"), world.agent("chromium"), world.agent("node")]);
    const common = { server: world.server.url, room };
    await a.join({ ...common, name: "a", secret: "correct horse battery staple" });
    await b.join({ ...common, name: "b", secret: "correct horse battery staple" });
    await stranger.join({ ...common, name: "stranger", secret: "wrong" });
    await a.connected(1);
    await stranger.logged("rejected forged");
    expect((await a.peers()).filter(({ state }) => state === "connected")).toMatchObject([{ name: "b" }]);
    expect((await stranger.peers()).filter(({ state }) => state === "connected")).toEqual([]);
  });
});
