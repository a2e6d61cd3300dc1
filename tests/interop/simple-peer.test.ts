import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AnySimplePeerAgent } from "./support/browsers.ts";
import { type EngineName, World } from "./support/engines.ts";

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.endAgents());
afterAll(() => world[Symbol.asyncDispose]());

/** Connects two simple-peers as an app would: each one's signals go to the other, until both are connected. */
async function dial(a: AnySimplePeerAgent, b: AnySimplePeerAgent): Promise<void> {
  await Promise.all([a.dial(true), b.dial(false)]);
  const carry = async (from: AnySimplePeerAgent, to: AnySimplePeerAgent) => {
    for (;;) {
      const signals = await from.nextSignals();
      if (signals.length === 0) return;
      await to.signal(signals);
    }
  };
  await Promise.all([carry(a, b), carry(b, a)]);
}

const pairs: readonly (readonly [EngineName, EngineName])[] = [
  ["node", "node"],
  ["chromium", "chromium"],
  ["node", "chromium"],
  ["chromium", "node"],
];

describe.each(pairs)("a simple-peer that %s made, and %s answered,", (first, second) => {
  it("carries a room of two, and another takes its place in the middle: nothing is lost, repeated or out of order", async () => {
    const [a, b] = await Promise.all([world.simplePeerAgent(first), world.simplePeerAgent(second)]);
    await dial(a, b);
    const join = { server: "none", room: "us two" };
    const idA = await a.join({ ...join, name: "a" });
    const idB = await b.join({ ...join, name: "b" });
    const [[seen]] = await Promise.all([a.connected(1), b.connected(1)]);
    expect(seen).toMatchObject({ id: idB, path: "direct" });

    const count = 10_000;
    const floods = Promise.all([a.flood(idB, count), b.flood(idA, count)]);
    await a.counted(count / 2);
    await b.hangUp();
    await Promise.all([a.logged("path none"), b.logged("path none")]);
    await dial(b, a);
    await Promise.all([a.replace(), b.replace()]);
    expect(await Promise.all([a.counted(count), b.counted(count)])).toEqual([[], []]);
    await floods;
    await expect(a.logged("peer-disconnected", 0, 1)).rejects.toThrow("waited");

    const value = { text: "grüße 👋", list: [1, 2.5, -3, null, true] };
    expect(await a.echo(idB, value)).toEqual(value);
    const long = "0123456789".repeat(300_000);
    expect(await b.echo(idA, long)).toBe(long);
    expect((await a.stats()).rejected).toEqual({});

    await a.leave();
    await b.logged("peer-left a: left");
    await b.leave();
    // It was the app's, and is.
    expect(await Promise.all([a.remains(), b.remains()])).toEqual([
      { connected: true, listeners: 0 },
      { connected: true, listeners: 0 },
    ]);
    await a.hangUp();
  });
});
