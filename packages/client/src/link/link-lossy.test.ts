import { encodeHello, encodeLossy } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lossyLane } from "../core/lossy-lane.js";
import { TestClock, turn } from "../testing.test-support.js";
import { windowBytes } from "./conversation.js";
import { Channel, LinkEnd, LossyChannel, recordsOf } from "./link-world.test-support.js";

const message = (byte: number, length = 1) => new Uint8Array(length).fill(byte);

async function settle(channel: { arrive(from: 0 | 1): boolean }, clock: TestClock): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet++) {
    await turn();
    while (channel.arrive(0) || channel.arrive(1)) quiet = 0;
    clock.advance(25);
  }
}

async function joined() {
  const clock = new TestClock();
  const ends = [new LinkEnd(clock, 1), new LinkEnd(clock, 2)] as const;
  const channel = new LossyChannel(ends);
  await settle(channel, clock);
  return { clock, ends, channel };
}

describe("lossy messages of a link", () => {
  it("arrive at most once, in order, whatever becomes of them; others in full", async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("send lossy" as const) }),
        fc.record({ do: fc.constant("send" as const) }),
        fc.record({ do: fc.constant("arrive lossy" as const), at: fc.nat() }),
        fc.record({ do: fc.constant("arrive" as const) }),
      ),
      { maxLength: 120 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { clock, ends, channel } = await joined();
        let sent = 0;
        let sentLossy = 0;
        for (const step of all) {
          if (step.do === "send") void ends[0].link.send(1, message(sent++));
          else if (step.do === "send lossy") void ends[0].link.send(lossyLane, message(sentLossy++));
          else if (step.do === "arrive") channel.arrive(0);
          else channel.arriveLossy(0, step.at % (channel.lossy[0].length || 1));
          await turn();
        }
        await settle(channel, clock);
        const of = (wanted: number) =>
          ends[1].messages.filter(({ lane }) => lane === wanted).map((it) => it.message[0] as number);
        const lossy = of(lossyLane);
        expect(lossy).toEqual([...new Set(lossy)].sort((a, b) => a - b));
        expect(of(1)).toEqual(Array.from({ length: sent }, (_, i) => i));
        expect(ends[1].link.traffic.messagesReceived).toBe(sent + lossy.length);
        expect(ends[0].link.traffic).toMatchObject({ messagesSent: sent + sentLossy, messagesDropped: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it("are known to both sides from HELLO on", async () => {
    const { ends } = await joined();
    for (const { features } of ends) expect(features).toContain("lossy");
  });

  it("go over both paths where one is in doubt, and arrive once", async () => {
    const { clock, ends, channel } = await joined();
    const relay = new Channel(ends, "relay");
    await settle(relay, clock);
    await settle(channel, clock);
    for (const { link } of ends) link.denounce("direct", "a rumour");
    void ends[0].link.send(lossyLane, message(1));
    void ends[0].link.send(lossyLane, message(2));
    await turn();
    const relayed = relay.underWay[0].flatMap(recordsOf).filter(({ type }) => type === "lossy");
    expect(relayed).toHaveLength(2);
    channel.arriveLossy(0, 0);
    await settle(relay, clock);
    expect(ends[1].firsts).toEqual([1, 2]);
  });

  it("wait for nobody: not for a path, nor for windows, nor for their handlers", async () => {
    const clock = new TestClock();
    const end = new LinkEnd(clock, 1);
    await end.link.send(lossyLane, message(1));
    expect(end.link.traffic).toMatchObject({ messagesSent: 0, messagesDropped: 1 });
    expect(end.link.hasRoom(lossyLane)).toBe(false);
    const { ends, channel } = await joined();
    ends[1].isQuick = false;
    await ends[0].link.send(1, message(9, windowBytes));
    await settle(channel, clock);
    await ends[0].link.send(lossyLane, message(7));
    await turn();
    channel.arriveLossy(0, channel.lossy[0].length - 1);
    expect(ends[1].messages.at(-1)).toMatchObject({ lane: lossyLane, message: message(7) });
    expect(ends[0].link.isHeldBack).toBe(false);
  });

  it("aren't among those that the end of a link counts", async () => {
    const { ends, channel } = await joined();
    await ends[0].link.send(lossyLane, message(1));
    await turn();
    expect(channel.lossy[0]).toHaveLength(1);
    await ends[0].link.settled();
    ends[0].link.violate("a rule");
    expect(ends[0].heard.at(-1)).toContain("0 messages were never acknowledged");
    expect(ends[0].link.traffic.messagesSent).toBe(1);
  });

  it("count from 0 in each conversation, both ways", async () => {
    const clock = new TestClock();
    const end = new LinkEnd(clock, 1);
    const frames: Uint8Array[] = [];
    const path = end.link.open("direct", { bufferedAmount: 0, send: (frame) => void frames.push(frame) });
    const greet = (link: number) => {
      const credit = [windowBytes, windowBytes, windowBytes];
      path.receive(encodeHello({ link: message(link, 8), next: 0, credit, protocols: {}, features: [] }));
    };
    greet(2);
    for (const sequence of [0, 5]) path.receiveLossy(encodeLossy(sequence, message(sequence)));
    // The other side forgot, and begins anew.
    greet(3);
    path.receiveLossy(encodeLossy(1, message(1)));
    expect(end.firsts).toEqual([0, 5, 1]);
    await end.link.send(lossyLane, message(4));
    await turn();
    const lossy = frames.flatMap(recordsOf).filter(({ type }) => type === "lossy");
    expect(lossy).toEqual([{ type: "lossy", sequence: 0, payload: message(4) }]);
  });

  it("are dropped where too much waits, newest first, and counted", async () => {
    const clock = new TestClock();
    const end = new LinkEnd(clock, 1);
    const sink = { bufferedAmount: 0, send: () => {} };
    const path = end.link.open("relay", sink);
    const credit = [windowBytes, windowBytes, windowBytes];
    path.receive(encodeHello({ link: message(2, 8), next: 0, credit, protocols: {}, features: [] }));
    expect(end.link.hasRoom(lossyLane)).toBe(true);
    sink.bufferedAmount = 128 * 1024 + 1;
    expect(end.link.hasRoom(lossyLane)).toBe(false);
    await end.link.send(lossyLane, message(1));
    expect(end.link.traffic).toMatchObject({ messagesSent: 0, messagesDropped: 1 });
  });
});
