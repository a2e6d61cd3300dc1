import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { World } from "./support/engines.ts";

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.endAgents());
afterAll(() => world[Symbol.asyncDispose]());

it.each(["chromium", "firefox"] as const)(
  "tabs of one %s meet without a server, and notice one that vanishes",
  async (engine) => {
    const room = world.freshRoom();
    const [a, b, c] = await Promise.all([world.pageAgent(engine), world.pageAgent(engine), world.pageAgent(engine)]);
    const idA = await a.join({ server: "tabs", room, name: "a" });
    const idB = await b.join({ server: "tabs", room, name: "b" });
    const idC = await c.join({ server: "tabs", room, name: "c" });
    await Promise.all([a.sees([idB, idC]), b.sees([idA, idC]), c.sees([idA, idB])]);
    expect(await a.echo(idC, "hello")).toBe("hello");

    await b.leave();
    await a.logged("peer-left b: left");
    // Closed without a word: its lock ends with it.
    await c.page.close();
    await a.logged("peer-left c:");
    await a.sees([]);
  },
);

it("threads of one Node process meet over BroadcastChannel too", async () => {
  const room = world.freshRoom();
  const [a, b] = await Promise.all([world.agent("node"), world.agent("node")]);
  const idA = await a.join({ server: "tabs", room, name: "a" });
  const idB = await b.join({ server: "tabs", room, name: "b" });
  await Promise.all([a.sees([idB]), b.sees([idA])]);
  await b.leave();
  await a.sees([]);
});
