import { encodeClose, encodeHello, type Hello, type WireRecord } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PathKind } from "../core/path-chooser.js";
import { TestClock, turn } from "../testing.test-support.js";
import { windowBytes } from "./conversation.js";
import { pathlessMs } from "./link.js";
import { Channel, dataRecord, LinkEnd, recordsOf } from "./link-world.test-support.js";

const message = (byte: number, length = 1) => new Uint8Array(length).fill(byte);

function twoEnds() {
  const clock = new TestClock();
  return { clock, ends: [new LinkEnd(clock, 1), new LinkEnd(clock, 2)] as const };
}

/** Lets all go through both ways, acknowledgements too. */
async function settle(channel: Channel, clock: TestClock): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet++) {
    await turn();
    while (channel.arrive(0) || channel.arrive(1)) quiet = 0;
    clock.advance(25);
  }
}

async function joined() {
  const world = twoEnds();
  const channel = new Channel(world.ends);
  await settle(channel, world.clock);
  return { ...world, channel };
}

/** One link whose other side is the test. */
function oneLink() {
  const clock = new TestClock();
  const end = new LinkEnd(clock, 1);
  const frames: Uint8Array[] = [];
  const open = () => end.link.open("direct", { bufferedAmount: 0, send: (frame) => void frames.push(frame) });
  const said = async (): Promise<WireRecord[]> => {
    await turn();
    return frames.splice(0).flatMap((frame) => [...recordsOf(frame)]);
  };
  /** What it said of itself last. */
  const hello = async (): Promise<Hello> => {
    const found = (await said()).flatMap((record) => (record.type === "hello" ? [record.hello] : [])).at(-1);
    if (found === undefined) throw new Error("it said no HELLO");
    return found;
  };
  return { clock, end, link: end.link, open, said, hello };
}

const hasData = (frame: Uint8Array) => recordsOf(frame).some(({ type }) => type === "data");

const theirs = (byte: number, more: Partial<Hello> = {}): Uint8Array =>
  encodeHello({
    link: message(byte, 8),
    next: 0,
    credit: [windowBytes, windowBytes, windowBytes],
    protocols: {},
    features: [],
    ...more,
  });

describe("two links", () => {
  it("say HELLO across each other, and are up once, with the other's versions", async () => {
    const { ends } = await joined();
    expect(ends.map(({ heard }) => heard)).toEqual([
      ["up 2.0.0", "carried"],
      ["up 1.0.0", "carried"],
    ]);
  });

  it("carry what was sent before they knew each other", async () => {
    const { ends, clock } = twoEnds();
    for (const byte of [1, 2]) void ends[0].link.send(1, message(byte));
    await settle(new Channel(ends), clock);
    expect(ends[1].firsts).toEqual([1, 2]);
  });

  it("lose and repeat nothing over any number of paths, wherever each was cut", async () => {
    const cuts = fc.array(fc.tuple(fc.nat(4), fc.nat(12), fc.nat(12)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (all) => {
        const { ends, clock } = twoEnds();
        const sent: number[][] = [[], []];
        let number = 0;
        for (const [messages, first, second] of all) {
          const channel = new Channel(ends);
          for (const side of [0, 1] as const) {
            for (let i = 0; i < messages; i++) {
              sent[side]?.push(++number);
              void ends[side].link.send(1, message(number, 1 + (number % 3) * 40_000));
            }
          }
          for (const [side, frames] of [
            [0, first],
            [1, second],
          ] as const) {
            for (let i = 0; i < frames; i++) {
              await turn();
              channel.arrive(side);
            }
          }
          clock.advance(25);
          channel.cut();
        }
        const last = new Channel(ends);
        await settle(last, clock);
        expect([ends[1].firsts, ends[0].firsts]).toEqual(sent);
        expect(ends.map((end) => [end.count("up"), end.count("never acknowledged")])).toEqual([
          [1, 0],
          [1, 0],
        ]);
        await Promise.all(ends.map(({ link }) => link.settled()));
      }),
      { numRuns: 60 },
    );
  });

  it("lose and repeat nothing while they move between two kinds of path, at any moment", async () => {
    const kind = fc.constantFrom<PathKind>("direct", "relay");
    const side = fc.constantFrom<0 | 1>(0, 1);
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("send" as const), kind, side, times: fc.integer({ min: 1, max: 3 }) }),
      },
      {
        weight: 10,
        arbitrary: fc.record({ do: fc.constant("arrive" as const), kind, side, times: fc.integer({ min: 1, max: 9 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom("open", "denounce", "wait", "cut"), kind, side, times: fc.nat(5) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const { ends, clock } = twoEnds();
        const channels: Partial<Record<PathKind, Channel>> = { direct: new Channel(ends) };
        const sent: number[][] = [[], []];
        let number = 0;
        const act: Record<string, (step: (typeof actions)[number]) => void> = {
          send: ({ side }) => {
            sent[side]?.push(++number % 256);
            void ends[side].link.send(1, message(number, 1 + (number % 3) * 40_000));
          },
          arrive: ({ kind, side }) => void channels[kind]?.arrive(side),
          denounce: ({ kind, side }) => ends[side].link.denounce(kind, "the network changed"),
          wait: ({ times }) => clock.advance(times * 1_000),
          cut: ({ kind }) => channels[kind]?.cut(),
          open: ({ kind }) => {
            channels[kind]?.swallow();
            channels[kind] = new Channel(ends, kind);
          },
        };
        for (const step of actions) {
          for (let i = 0; i < step.times; i++) {
            act[step.do]?.(step);
            await turn();
          }
        }
        for (const channel of Object.values(channels)) channel.cut();
        await settle(new Channel(ends), clock);
        expect([ends[1].firsts, ends[0].firsts]).toEqual(sent);
        for (const end of ends) expect([end.count("up"), end.count("never acknowledged")]).toEqual([1, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it("carry over both paths while one is in doubt, and over the relay alone once it is lost", async () => {
    const { ends, channel, clock } = await joined();
    const relay = new Channel(ends, "relay");
    await settle(relay, clock);
    await settle(channel, clock);
    expect(ends.map(({ link }) => link.carriedBy)).toEqual(["direct", "direct"]);
    for (const { link } of ends) link.denounce("direct", "the network changed");
    void ends[0].link.send(1, message(1));
    await turn();
    const carried = [channel, relay].map(({ underWay }) => underWay[0].some(hasData));
    expect(carried).toEqual([true, true]);
    channel.swallow();
    await settle(relay, clock);
    expect(ends[1].firsts).toEqual([1]);
    channel.cut();
    expect(ends.map(({ link }) => link.carriedBy)).toEqual(["relay", "relay"]);
  });

  /** Both paths have long been open; one end's network changed, and the other end hears of it over the relay. */
  async function turnedToTheRelay() {
    const { ends, channel, clock } = await joined();
    const relay = new Channel(ends, "relay");
    await settle(relay, clock);
    await settle(channel, clock);
    // What the paths asked of each other at first is long over.
    clock.advance(10_000);
    await settle(relay, clock);
    await settle(channel, clock);
    clock.advance(1_000);
    ends[0].link.denounce("direct", "the network changed");
    await turn();
    expect(relay.arrive(0)).toBe(true);
    return { ends, channel, relay, clock };
  }

  it("use the relay at once where the other side turned to it, and leave it when the direct path answers", async () => {
    const { ends, channel, clock } = await turnedToTheRelay();
    expect(ends.map(({ link }) => link.carriedBy)).toEqual(["relay", "relay"]);
    await settle(channel, clock);
    expect(ends.map(({ link }) => link.carriedBy)).toEqual(["direct", "direct"]);
  });

  it("doubt no path anew where the relay brings late what a doubt that is over had the other side ask", async () => {
    const { ends, channel, relay, clock } = await turnedToTheRelay();
    // The relay is the slower of the two.
    await settle(channel, clock);
    expect(ends.map(({ link }) => link.carriedBy)).toEqual(["direct", "direct"]);
    expect(relay.arrive(1)).toBe(true);
    expect(ends.map(({ link }) => link.carriedBy)).toEqual(["direct", "direct"]);
  });

  it("settle where the next path's HELLO says that all arrived", async () => {
    const { ends, channel, clock } = await joined();
    void ends[0].link.send(1, message(1));
    await turn();
    channel.arrive(0);
    const settled = ends[0].link.settled();
    channel.cut();
    await settle(new Channel(ends), clock);
    await settled;
    expect(ends[1].firsts).toEqual([1]);
  });

  it("begin anew on the same path where one forgot, and the other says once what was lost", async () => {
    const { ends, channel, clock } = await joined();
    channel.cut();
    for (const byte of [1, 2]) void ends[0].link.send(1, message(byte));
    const settled = ends[0].link.settled();
    const fresh = new LinkEnd(clock, 3);
    await settle(new Channel([ends[0], fresh]), clock);
    await settled;
    expect(ends[0].heard.slice(3)).toEqual([
      "The link ended: the peer forgot it. 2 messages were never acknowledged.",
      "up 3.0.0",
      "carried",
    ]);
    expect(fresh.heard).toEqual(["up 1.0.0", "carried"]);
    expect(fresh.firsts).toEqual([]);
    void ends[0].link.send(1, message(3));
    void fresh.link.send(1, message(4));
    await settle(new Channel([ends[0], fresh]), clock);
    expect([fresh.firsts, ends[0].firsts]).toEqual([[3], [4]]);
  });

  it("begin anew until each knows the other, not in turns for ever, where each met an end of the other's that the other knows no more", async () => {
    const clock = new TestClock();
    const [ann, before, after] = [1, 2, 3].map((seed) => new LinkEnd(clock, seed)) as [LinkEnd, LinkEnd, LinkEnd];
    const first = new Channel([ann, before]);
    await turn();
    const greeting = first.underWay[0].shift() as Uint8Array;
    // Bob's old end greets, and is no more; ann's greeting reaches his new one.
    first.arrive(1);
    first.cut();
    const second = new Channel([ann, after]);
    second.paths[1].receive(greeting);
    await settle(second, clock);
    expect([ann, after].map((end) => end.count("forgot it"))).toEqual([2, 1]);
    void ann.link.send(1, message(1));
    void after.link.send(1, message(2));
    await settle(second, clock);
    expect([after.firsts, ann.firsts]).toEqual([[1], [2]]);
  });

  it("that had no path for 80 s are over, each once, and begin anew when there is one", async () => {
    const { ends, channel, clock } = await joined();
    channel.cut();
    void ends[0].link.send(1, message(1));
    clock.advance(pathlessMs - 1);
    expect(ends.map((end) => end.count("never acknowledged"))).toEqual([0, 0]);
    clock.advance(1);
    expect(ends.map((end) => end.heard.at(-1))).toEqual([
      "The link ended: there was no path for 80 s. 1 message was never acknowledged.",
      "The link ended: there was no path for 80 s. 0 messages were never acknowledged.",
    ]);
    await settle(new Channel(ends), clock);
    expect(ends.map((end) => [end.count("up"), end.count("never acknowledged")])).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it("outlast a cut of a minute, and the longest way back to the server after it", async () => {
    const { ends, channel, clock } = await joined();
    channel.cut();
    void ends[0].link.send(1, message(1));
    clock.advance(60_000 + 15_000 + 1_000);
    await settle(new Channel(ends), clock);
    expect(ends[1].firsts).toEqual([1]);
    expect(ends.map((end) => end.count("never acknowledged"))).toEqual([0, 0]);
  });

  it("aren't over while a path greets, however late it came", async () => {
    const { ends, channel, clock } = await joined();
    channel.cut();
    void ends[0].link.send(1, message(1));
    clock.advance(pathlessMs - 1);
    const late = new Channel(ends);
    clock.advance(5);
    await settle(late, clock);
    expect(ends[1].firsts).toEqual([1]);
    expect(ends[0].count("never acknowledged")).toBe(0);
  });

  it("end both where one breaks the conversation", async () => {
    const { ends, channel, clock } = await joined();
    ends[0].link.violate("it used type number 5 without binding it");
    await settle(channel, clock);
    for (const end of ends) expect(end.count("it used type number 5")).toBeGreaterThan(0);
    expect(ends.map((end) => end.count("never acknowledged"))).toEqual([1, 1]);
    await settle(new Channel(ends), clock);
    expect(ends.map((end) => end.count("up"))).toEqual([2, 2]);
  });

  it("make a sender wait while its lane is full, and no other", async () => {
    const { ends, channel, clock } = await joined();
    ends[1].isQuick = false;
    let isThrough = false;
    const all = [1, 2, 4].map((byte) => ends[0].link.send(2, message(byte, windowBytes)));
    const big = all[2]?.then(() => {
      isThrough = true;
    });
    await settle(channel, clock);
    expect(isThrough).toBe(false);
    await ends[0].link.send(1, message(3));
    await settle(channel, clock);
    expect(ends[1].firsts).toEqual([1, 3]);
    while (ends[1].open.length > 0) {
      for (const done of ends[1].open.splice(0)) done();
      await settle(channel, clock);
    }
    await big;
    expect(ends[1].firsts).toEqual([1, 3, 2, 4]);
  });

  it("fail who waits with link-lost when the link ends, then and later", async () => {
    const { ends } = await joined();
    const waiting = ends[0].link.send(2, message(1, windowBytes + (2 << 20)));
    const settled = ends[0].link.settled();
    const outcome = expect(waiting).rejects.toMatchObject({
      code: "link-lost",
      message: "The link ended: we left the room. 1 message was never acknowledged.",
    });
    ends[0].link.close("we left the room");
    await Promise.all([outcome, settled]);
    await expect(ends[0].link.send(1, message(1))).rejects.toMatchObject({ code: "link-lost" });
    ends[0].link.violate("too late");
    expect(ends[0].count("too late")).toBe(0);
  });

  it("count what went through, over all paths", async () => {
    const { ends, channel, clock } = await joined();
    await ends[0].link.send(1, message(1, 1_000));
    await settle(channel, clock);
    const before = ends[0].link.traffic;
    channel.cut();
    await settle(new Channel(ends), clock);
    const { bytesSent, bytesReceived, messagesSent } = ends[0].link.traffic;
    expect(bytesSent).toBeGreaterThan(before.bytesSent);
    expect(bytesReceived).toBe(ends[1].link.traffic.bytesSent);
    expect([messagesSent, ends[1].link.traffic.messagesReceived]).toEqual([1, 1]);
  });

  it("leave no timer where they are closed, and none that rings in vain while a goodbye is awaited", async () => {
    const { ends, channel, clock } = await joined();
    void ends[0].link.send(1, message(1));
    await turn();
    channel.arrive(0);
    ends[1].link.sayGoodbye({ code: "left", reason: "the peer left the room" });
    clock.advance(1_000);
    expect(ends[1].firsts).toEqual([1]);
    await settle(channel, clock);
    expect(ends[0].heard.at(-1)).toBe("left");
    for (const end of ends) end.link.close("over");
    expect(clock.armed).toBe(0);
  });
});

describe("a link", () => {
  it("says of itself who it is, whom it talks with, and how far it has come", async () => {
    const { open, hello } = oneLink();
    const path = open();
    const first = await hello();
    expect(first).toMatchObject({ next: 0, credit: [windowBytes, windowBytes, windowBytes] });
    expect(first.of).toBeUndefined();
    path.receive(Uint8Array.of(...theirs(7), ...dataRecord(0), ...dataRecord(1)));
    path.lose("cut");
    open();
    expect(await hello()).toMatchObject({ link: first.link, of: message(7, 8), next: 2 });
  });

  it("passes over a HELLO for an end of its own that is no more, and waits for the next", async () => {
    const { end, open, hello } = oneLink();
    const path = open();
    const { link } = await hello();
    path.receive(theirs(7, { of: message(99, 8) }));
    expect(end.heard).toEqual([]);
    path.receive(theirs(8, { of: link }));
    expect(end.heard).toEqual(["up undefined", "carried"]);
  });

  it("refuses a HELLO that acknowledges what was never sent", async () => {
    const { clock, end, open, said } = oneLink();
    const path = open();
    await said();
    path.receive(theirs(7, { next: 1 }));
    expect(await said()).toMatchObject([{ type: "close", close: { code: "bad-message" } }]);
    expect(end.link.carriedBy).toBeUndefined();
    expect(clock.armed).toBe(0);
  });

  it("closes with bad-message on a gap, and delivers nothing behind it", async () => {
    const { end, open, said } = oneLink();
    const path = open();
    await said();
    path.receive(Uint8Array.of(...theirs(7), ...dataRecord(5), ...dataRecord(0)));
    expect(await said()).toMatchObject([
      { type: "close", close: { code: "bad-message", reason: "record 5 came where 0 was due" } },
    ]);
    expect(end.messages).toEqual([]);
    expect(end.count("never acknowledged")).toBe(1);
  });

  it("hears nothing of a path whose place another took", async () => {
    const { end, open, said } = oneLink();
    const first = open();
    await said();
    open();
    first.receive(theirs(7));
    first.receive(encodeClose({ code: "left", reason: "" }));
    expect(end.heard).toEqual([]);
  });

  it("takes back what a handler of a lost conversation held for nobody's", async () => {
    const { end, open, said } = oneLink();
    end.isQuick = false;
    const path = open();
    await said();
    path.receive(Uint8Array.of(...theirs(7), ...dataRecord(0)));
    path.receive(encodeClose({ code: "bad-message", reason: "whatever" }));
    open();
    for (const done of end.open) done();
    expect((await said())[1]).toMatchObject({
      type: "hello",
      hello: { next: 0, credit: [windowBytes, windowBytes, windowBytes] },
    });
  });
});
