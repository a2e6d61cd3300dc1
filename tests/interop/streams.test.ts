import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EngineName, World } from "./support/engines.ts";

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.endAgents());
afterAll(() => world[Symbol.asyncDispose]());

async function linked(one: EngineName, other: EngineName) {
  const common = { server: world.server.url, room: world.freshRoom() };
  const [a, b] = await Promise.all([world.agent(one), world.agent(other)]);
  const [idA, idB] = await Promise.all([a.join({ ...common, name: "a" }), b.join({ ...common, name: "b" })]);
  await Promise.all([a.connected(1), b.connected(1)]);
  return { a, b, idA, idB };
}

const whole = (bytes: number) => ({ bytes, wrongAt: -1 });

const pairs: readonly (readonly [EngineName, EngineName])[] = [
  ["node", "chromium"],
  ["node", "firefox"],
];

describe.each(pairs)("streams between %s and %s", (one, other) => {
  it("carry 8 MB there and back, opened by either", async () => {
    const { a, b, idA, idB } = await linked(one, other);
    expect(await a.streamEcho(idB, 8_000_000)).toEqual(whole(8_000_000));
    expect(await b.streamEcho(idA, 8_000_000)).toEqual(whole(8_000_000));
    expect(await b.stats()).toMatchObject({ rejected: {} });
  });

  it("wait for a reader that is slow, and only the stream that it reads", async () => {
    const { a, b, idA, idB } = await linked(one, other);
    for (const [writer, reader, to] of [
      [a, b, idB],
      [b, a, idA],
    ] as const) {
      await writer.streamFill(to, 3_000_000);
      expect(await writer.streamEcho(to, 1_000_000)).toEqual(whole(1_000_000));
      expect(await writer.streamFilled()).toBeLessThan(600_000);
      expect(await reader.streamReadHeld()).toEqual(whole(3_000_000));
      expect(await writer.streamFillEnd()).toBe("closed");
    }
  });

  it("end where their reader cancels, where nobody handles them, and where the peer leaves", async () => {
    const { a, b, idA, idB } = await linked(one, other);
    expect(await a.streamWriteUntilRefused(idB, "enough")).toBe("aborted");
    expect(await b.streamWriteUntilRefused(idA, "enough")).toBe("aborted");
    expect(await a.streamWriteUntilRefused(idB, "nobody")).toBe("no-handler");
    expect(await b.streamWriteUntilRefused(idA, "nobody")).toBe("no-handler");
    await a.streamFill(idB, 3_000_000);
    await b.leave();
    expect(await a.streamFillEnd()).toBe("link-lost");
  });

  it("go on over the next connection where one is cut", async () => {
    const { a, b, idB } = await linked(one, other);
    await a.streamFill(idB, 3_000_000);
    await b.cut();
    expect(await b.streamReadHeld()).toEqual(whole(3_000_000));
    expect(await a.streamFillEnd()).toBe("closed");
  });
});
