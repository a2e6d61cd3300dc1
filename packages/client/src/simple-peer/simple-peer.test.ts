import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JoinOptions } from "../room/options.js";
import { chat, type Guest, World } from "../room/world.test-support.js";
import { type DuplexEnd, duplexPair, listenersOf } from "./duplex-pair.test-support.js";
import { type SimplePeerPair, simplePeer, simplePeerPath } from "./index.js";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.leaveAll());

interface Side extends Guest {
  readonly pair: SimplePeerPair;
  /** Why its paths changed. */
  readonly reasons: string[];
}

async function join(end: DuplexEnd, options: Partial<JoinOptions> = {}): Promise<Side> {
  const pair = simplePeer(end);
  const guest = await world.join({ ...options, ...pair });
  const reasons: string[] = [];
  guest.room.on("path-changed", ({ reason }) => reasons.push(reason));
  return { ...guest, pair, reasons };
}

async function two(options: Partial<JoinOptions> = {}) {
  const ends = duplexPair();
  const sides = [await join(ends[0], options), await join(ends[1], options)] as const;
  await world.untilConnected(...sides);
  return { ends, sides };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => String(from + index));

/** Lets this much happen. */
async function turns(count: number): Promise<void> {
  let left = count;
  await world.until(() => left-- === 0);
}

async function say(from: Guest, to: Guest, texts: readonly string[]): Promise<void> {
  for (const text of texts) await from.room.send(to.room.id, chat.say, text);
}

describe("a room of two over a simple-peer", () => {
  it("links its ends without a server, over the direct path", async () => {
    const { sides } = await two();
    const [a, b] = sides;
    expect(a.room.peers.get(b.room.id)?.path).toBe("direct");
    expect(world.network.connections).toEqual([]);
    await Promise.all([say(a, b, numbers(100)), say(b, a, numbers(100))]);
    await world.until(() => a.heard.length + b.heard.length === 200);
    expect([a.heard, b.heard]).toEqual([numbers(100), numbers(100)]);
    expect(a.seen).toEqual(["server-connected", "peer-joined", "peer-connected", "path-changed"]);
    // At the first try, though one side's HELLO comes while the other still checks its card.
    expect([a.reasons, b.reasons]).toEqual([["a direct path is open"], ["a direct path is open"]]);
  });

  it("begins when the simple-peer connects, where that is later", async () => {
    const ends = duplexPair({ connected: false });
    const sides = [await join(ends[0]), await join(ends[1])] as const;
    for (const end of ends) end.connect();
    await world.untilConnected(...sides);
  });

  it("links where one side comes much later, and nobody listened until then", async () => {
    const ends = duplexPair();
    const a = await join(ends[0]);
    ends[1].on("data", () => {});
    await world.until(() => world.clock.nowMs() > 5_000);
    ends[1].removeAllListeners("data");
    await world.untilConnected(a, await join(ends[1]));
  });

  it("is left without a listener behind, and the simple-peer stays", async () => {
    const ends = duplexPair();
    const before = ends.map(listenersOf);
    const sides = [await join(ends[0]), await join(ends[1])] as const;
    await world.untilConnected(...sides);
    expect(ends.map(listenersOf)).not.toEqual(before);
    await sides[0].room.leave();
    await world.until(() => sides[1].seen.includes("peer-left"));
    await sides[1].room.leave();
    expect(ends.map(listenersOf)).toEqual(before);
    expect(ends.map(({ destroyed, connected }) => [destroyed, connected])).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(world.clock.armed).toBe(0);
  });

  it("has brought all that was sent when it was left, so that the simple-peer may be destroyed", async () => {
    const { ends, sides } = await two();
    ends[0].hold();
    // More than the simple-peer takes: some of it waits in the link.
    await say(sides[0], sides[1], new Array(7).fill("x".repeat(100_000)));
    const left = sides[0].room.leave().then(() => ends[0].cut());
    await turns(10);
    ends[0].release();
    await world.until(() => ends[0].destroyed);
    await left;
    expect(sides[1].heard).toHaveLength(7);
    await world.until(() => sides[1].seen.includes("peer-left"));
  });

  it("isn't left before the other side has heard of it", async () => {
    const { ends, sides } = await two();
    await turns(200);
    ends[0].hold();
    let isOver = false;
    const left = sides[0].room.leave().then(() => {
      isOver = true;
    });
    await turns(300);
    expect(isOver).toBe(false);
    ends[0].release();
    await world.until(() => isOver);
    await left;
    await world.until(() => sides[1].seen.includes("peer-left"));
  });

  it("can be left and joined again on the same simple-peer", async () => {
    const { ends, sides } = await two();
    await sides[0].room.leave();
    const again = await join(ends[0]);
    await world.untilConnected(again, sides[1]);
    await say(again, sides[1], ["again"]);
    await world.until(() => sides[1].heard.length === 1);
    expect(sides[1].room.peers.size).toBe(1);
  });

  it("has one place for the other side: whoever was there before is gone", async () => {
    const { ends, sides } = await two();
    // Gone without a word: its process began anew on a connection that lived on.
    ends[0].removeAllListeners();
    const again = await join(ends[0]);
    await world.untilConnected(again, sides[1]);
    expect([...sides[1].room.peers.keys()]).toEqual([again.room.id]);
  });

  it("keeps those apart that don't share the secret", async () => {
    const ends = duplexPair();
    const a = await join(ends[0], { secret: "correct horse battery staple" });
    const b = await join(ends[1], { secret: "another" });
    await world.until(() => a.seen.includes("rejected") && b.seen.includes("rejected"));
    expect(world.connected(a, b)).toBe(false);
    expect(a.room.stats().rejected).toHaveProperty("forged");
  });

  it("is refused a simple-peer that is in use, or isn't one, or was destroyed", async () => {
    const { sides } = await two();
    await expect(world.join({ ...sides[0].pair })).rejects.toMatchObject({ code: "bad-argument" });
    expect(() => simplePeer({} as never)).toThrow("simple-peer");
    const [end] = duplexPair();
    end.destroy();
    expect(() => simplePeer(end)).toThrow("destroyed");
    expect(() => sides[0].pair.replace(end)).toThrow("destroyed");
  });
});

describe("a simple-peer that closes", () => {
  it("is followed by another, and the link goes on where it was", async () => {
    const { ends, sides } = await two();
    const [a, b] = sides;
    ends[0].hold();
    await say(a, b, numbers(20));
    ends[0].cut();
    await world.until(() => a.room.peers.get(b.room.id)?.path === undefined);
    const others = duplexPair();
    // One side is sooner than the other.
    a.pair.replace(others[0]);
    await world.until(() => world.clock.nowMs() > 3_000);
    b.pair.replace(others[1]);
    await world.untilConnected(a, b);
    await say(a, b, numbers(20, 20));
    await world.until(() => b.heard.length >= 40);
    expect(b.heard).toEqual(numbers(40));
    for (const { seen } of sides) expect(seen).not.toContain("peer-disconnected");
    expect(listenersOf(ends[0])).toMatchObject({ data: 0, connect: 0 });
  });

  it("ends the link after a minute without another, and the peer is gone", async () => {
    const { ends, sides } = await two();
    ends[0].cut();
    await world.until(() => sides[0].seen.includes("server-disconnected"));
    world.clock.advance(59_000);
    expect(sides[0].seen).not.toContain("peer-left");
    world.clock.advance(1_000);
    await world.until(() => sides.every(({ seen }) => seen.includes("peer-left")));
    expect(sides[0].seen).toContain("peer-disconnected");
    // Another may still come: it begins a new link.
    const others = duplexPair();
    for (const [index, { pair }] of sides.entries()) pair.replace(others[index] as DuplexEnd);
    await world.untilConnected(...sides);
  });

  it("loses, repeats and reorders nothing, whenever and however often it is replaced", async () => {
    const plan = fc.array(fc.record({ count: fc.nat(40), after: fc.nat(12), holds: fc.boolean() }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(plan, async (steps) => {
        world = new World();
        const { ends, sides } = await two();
        const [a, b] = sides;
        let last = ends;
        let sent = 0;
        let said: Promise<unknown> = Promise.resolve();
        for (const { count, after, holds } of steps) {
          if (holds) last[sent % 2]?.hold();
          const texts = numbers(count, sent);
          sent += count;
          said = said.then(() => Promise.all([say(a, b, texts), say(b, a, texts)]));
          await turns(after);
          last[0].cut();
          last = duplexPair();
          for (const [index, { pair }] of sides.entries()) pair.replace(last[index] as DuplexEnd);
        }
        await world.until(() => a.heard.length >= sent && b.heard.length >= sent);
        await said;
        expect([a.heard, b.heard]).toEqual([numbers(sent), numbers(sent)]);
        await world.leaveAll();
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

describe("a simple-peer that falls silent and stays open", () => {
  it("is given up as a path, and is one again when it carries again", async () => {
    const { ends, sides } = await two();
    const [a, b] = sides;
    for (const end of ends) end.onItsWay = () => undefined;
    await say(a, b, numbers(10));
    await world.until(() =>
      sides.every(({ room }) => [...room.peers.values()].every(({ path }) => path === undefined)),
    );
    for (const end of ends) end.onItsWay = (message) => message;
    await world.untilConnected(a, b);
    await say(a, b, numbers(10, 10));
    await world.until(() => b.heard.length >= 20);
    expect(b.heard).toEqual(numbers(20));
    for (const { seen } of sides) expect(seen).not.toContain("peer-disconnected");
  });
});

describe("what comes over a simple-peer", () => {
  it("is the peer's own: what someone in the middle altered is turned away, and sent again", async () => {
    const { ends, sides } = await two();
    let altered = 0;
    ends[0].onItsWay = (message) => {
      if (message[0] !== 0 || altered++ > 0) return message;
      const other = message.slice();
      other[other.length - 1] = (other.at(-1) as number) ^ 1;
      return other;
    };
    await say(sides[0], sides[1], numbers(10));
    await world.until(() => sides[1].heard.length >= 10);
    expect(sides[1].heard).toEqual(numbers(10));
    // At once, and not after a silence.
    expect(sides[1].reasons).toContain("something was lost on its way");
    expect(sides[1].room.stats().rejected).toEqual({ forged: 1 });
  });

  it("can't be read, or said twice, by whoever is in the middle", async () => {
    const { ends, sides } = await two();
    const messages: Uint8Array[] = [];
    ends[0].onItsWay = (message) => {
      messages.push(message);
      return message;
    };
    await say(sides[0], sides[1], ["a secret between us"]);
    await world.until(() => sides[1].heard.length === 1);
    expect(messages.some((message) => Buffer.from(message).includes("secret"))).toBe(false);
    for (const message of messages) ends[1].push(Buffer.from(message));
    await world.until(() => (sides[1].room.stats().rejected.replayed ?? 0) === messages.length);
    expect(sides[1].heard).toHaveLength(1);
  });

  it("may be anything: it is turned away, and the link goes on", async () => {
    const { ends, sides } = await two();
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string().map((text) => Buffer.from(text)),
    );
    const started = fc.tuple(fc.nat(6), anything).map(([first, rest]) => Uint8Array.of(first, ...rest));
    for (const message of fc.sample(started, { numRuns: 200, seed: 7 })) ends[1].push(Buffer.from(message));
    ends[1].push(Buffer.alloc(200_000));
    await say(sides[0], sides[1], ["still here"]);
    await world.until(() => sides[1].heard.length === 1);
    expect(Object.keys(sides[1].room.stats().rejected)).toContain("unknown-type");
    expect(sides[1].room.stats().rejected["over-limit"]).toBe(1);
    expect(sides[1].seen).not.toContain("peer-disconnected");
  });

  it("is sent no faster than it goes", async () => {
    const { ends, sides } = await two();
    ends[0].hold();
    const body = "x".repeat(100_000);
    let isSaid = false;
    const said = say(sides[0], sides[1], new Array(30).fill(body)).then(() => {
      isSaid = true;
    });
    await turns(500);
    expect(isSaid).toBe(false);
    // What is full, one frame more, and the path's own small words.
    expect(ends[0].peakBytes).toBeGreaterThan(256 * 1024);
    expect(ends[0].peakBytes).toBeLessThan(700 * 1024);
    ends[0].release();
    await world.until(() => isSaid && sides[1].heard.length === 30);
    await said;
  });
});

describe("simplePeerPath, in a room with a server", () => {
  it("is the way to the peers that the app has one to; the others are linked as ever", async () => {
    const ends = duplexPair();
    const [idA, idB] = [world.identity(1).id, world.identity(2).id];
    const a = await world.join({ paths: [simplePeerPath((id) => (id === idB ? ends[0] : undefined))] });
    const b = await world.join({ paths: [simplePeerPath((id) => (id === idA ? ends[1] : undefined))] });
    const c = await world.join();
    await world.untilConnected(a, b, c);
    await say(a, b, ["over the simple-peer"]);
    await say(a, c, ["over our own"]);
    await world.until(() => b.heard.length + c.heard.length === 2);
    expect([b.heard, c.heard]).toEqual([["over the simple-peer"], ["over our own"]]);
    // Two sides of a connection to the third peer, for each of the others.
    expect(world.network.connections).toHaveLength(4);
    expect(ends[0].listenerCount("data")).toBe(1);
    await world.leaveAll();
    expect(ends.map((end) => end.listenerCount("data"))).toEqual([0, 0]);
  });

  it("can be replaced, by the peer's id", async () => {
    const [first, second] = [duplexPair(), duplexPair()];
    const paths = [simplePeerPath(() => first[0]), simplePeerPath(() => first[1])] as const;
    const a = await world.join({ paths: [paths[0]] });
    const b = await world.join({ paths: [paths[1]] });
    await world.untilConnected(a, b);
    first[0].cut();
    await world.until(() => !world.connected(a, b));
    paths[0].replace(b.room.id, second[0]);
    paths[1].replace(a.room.id, second[1]);
    await world.untilConnected(a, b);
    await say(a, b, ["on"]);
    await world.until(() => b.heard.length === 1);
    expect(a.seen).not.toContain("peer-disconnected");
    expect(() => paths[0].replace(a.room.id, second[0])).toThrow("No simple-peer");
  });
});
