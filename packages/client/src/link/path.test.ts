import {
  type Close,
  decodeFrame,
  encodeAcknowledgement,
  encodeClose,
  encodeHello,
  encodeLossy,
  encodePing,
  encodePong,
  type Hello,
  limits,
  type Rejected,
  type WireRecord,
} from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestClock, turn } from "../testing.test-support.js";
import { dataRecord } from "./link-world.test-support.js";
import { Path } from "./path.js";

const hello = (byte: number): Hello => ({
  link: new Uint8Array(8).fill(byte),
  next: 0,
  credit: [9, 9, 9],
  protocols: {},
  features: [],
});
const left: Close = { code: "left", reason: "the peer left the room" };
const acknowledgement = { next: 0, credit: [9, 9, 9] };

/** One path whose other side, and whose link, is the test. */
function onePath() {
  const clock = new TestClock();
  const frames: Uint8Array[] = [];
  const heard: string[] = [];
  const rejections: Rejected[] = [];
  const violations: string[] = [];
  const waiting: Uint8Array[] = [];
  const lossyFrames: Uint8Array[] = [];
  const sink = {
    bufferedAmount: 0,
    send: (frame: Uint8Array) => void frames.push(frame),
    lossy: { bufferedAmount: 0, send: (frame: Uint8Array) => void lossyFrames.push(frame) },
  };
  const path: Path = new Path({
    clock,
    sink,
    listener: {
      pull: () => waiting.shift(),
      hello: (theirs) => {
        heard.push(`hello ${theirs.link[0]}`);
        path.carry();
      },
      data: ({ sequence }) => heard.push(`data ${sequence}`),
      lossy: ({ sequence }) => heard.push(`lossy ${sequence}`),
      dataTaken: () => {},
      acknowledged: ({ next }) => heard.push(`acknowledged ${next}`) > 0,
      asked: () => {},
      judged: (trust) => heard.push(trust),
      down: (reason, close) => heard.push(close === undefined ? `down: ${reason}` : `down ${close.code}: ${reason}`),
      rejected: (rejection) => rejections.push(rejection),
      violated: (reason) => violations.push(reason),
    },
  });
  /** What the path said since this was asked last. */
  const said = async (): Promise<WireRecord[]> => {
    await turn();
    return frames.splice(0).flatMap((frame) => {
      const records = decodeFrame(frame);
      if (!records.ok) throw new Error(records.reason);
      return [...records.value];
    });
  };
  return { clock, path, sink, said, heard, rejections, violations, frames, lossyFrames, waiting };
}

const types = (records: readonly WireRecord[]) => records.map(({ type }) => type);
const greeting = encodeHello(hello(2));

describe("a path", () => {
  it("asks at once, and carries nothing of its link before it is told to", async () => {
    const { path, said, waiting } = onePath();
    waiting.push(dataRecord(0));
    path.greet(hello(1));
    path.wake();
    expect(types(await said())).toEqual(["ping", "hello"]);
    path.receive(greeting);
    expect(types(await said())).toEqual(["data"]);
  });

  it("hands on what comes, in order, once it carries", () => {
    const { path, heard } = onePath();
    path.receive(Uint8Array.of(...greeting, ...dataRecord(0), ...encodeAcknowledgement(acknowledgement)));
    path.receive(dataRecord(1));
    expect(heard).toEqual(["hello 2", "data 0", "acknowledged 0", "trusted", "data 1"]);
  });

  const fifth = Uint8Array.of(...greeting, ...greeting, ...greeting, ...greeting, ...greeting);
  it.each<[string, Uint8Array, string]>([
    ["data before HELLO", dataRecord(0), "data before HELLO"],
    ["an acknowledgement before HELLO", encodeAcknowledgement(acknowledgement), "an acknowledgement before HELLO"],
    ["a fifth HELLO", fifth, "too many HELLOs"],
    ["a truncated frame", Uint8Array.of(2, 200), "a frame that ends in the middle of a record"],
    ["an oversized frame", new Uint8Array(limits.frameBytes + 1), `a frame of over ${limits.frameBytes} bytes`],
  ])("refuses %s: it says so with CLOSE and ends, and the link can't go on", async (_name, frame, reason) => {
    const { clock, path, said, heard, violations } = onePath();
    await said();
    path.receive(Uint8Array.of(...frame));
    path.receive(dataRecord(0));
    expect(await said()).toMatchObject([{ type: "close", close: { code: "bad-message", reason } }]);
    expect(heard.filter((word) => !word.startsWith("hello"))).toEqual([`down: ${reason}`]);
    expect(violations).toEqual([reason]);
    expect(clock.armed).toBe(0);
  });

  it("takes lossy records on either channel, once it knows whose they are", () => {
    const { path, heard } = onePath();
    path.receiveLossy(encodeLossy(0, Uint8Array.of(1)));
    path.receive(encodeLossy(1, Uint8Array.of(1)));
    path.receive(greeting);
    path.receiveLossy(encodeLossy(2, Uint8Array.of(1)));
    path.receive(encodeLossy(3, Uint8Array.of(1)));
    expect(heard).toEqual(["hello 2", "lossy 2", "lossy 3"]);
  });

  it.each<[string, Uint8Array, string]>([
    ["anything else", dataRecord(0), "a record of type data"],
    ["a lossy record without its message", Uint8Array.of(7, 1, 0), "a lossy record without its message"],
  ])("refuses %s on the channel for the lossy lane", async (_name, frame, reason) => {
    const { path, said, heard } = onePath();
    path.receive(greeting);
    path.receiveLossy(frame);
    expect((await said()).at(-1)).toMatchObject({ type: "close", close: { code: "bad-message" } });
    expect(heard).toEqual(["hello 2", expect.stringContaining(reason)]);
  });

  it("sends lossy records only while it carries, over the channel for them, and counts their bytes", async () => {
    const { path, lossyFrames } = onePath();
    const record = encodeLossy(0, Uint8Array.of(1));
    path.sendLossy(record);
    expect(path.hasLossyRoom).toBe(false);
    path.receive(greeting);
    await turn();
    expect(path.hasLossyRoom).toBe(true);
    const before = path.bytes.sent;
    path.sendLossy(record);
    await turn();
    expect(lossyFrames).toEqual([record]);
    expect(path.bytes.sent - before).toBe(record.length);
    path.rest();
    expect(path.hasLossyRoom).toBe(false);
    path.sendLossy(record);
    await turn();
    expect(lossyFrames).toHaveLength(1);
  });

  it("sends what was lossy in its last tick before its goodbye", async () => {
    const { path, lossyFrames, said } = onePath();
    path.receive(greeting);
    path.sendLossy(encodeLossy(0, Uint8Array.of(1)));
    path.close(left);
    expect(lossyFrames).toHaveLength(1);
    expect(types(await said())).toEqual(["ping", "close"]);
  });

  it("counts a frame that it can't read, and nothing behind the end", () => {
    const { path, rejections, heard } = onePath();
    path.receive(Uint8Array.of(2, 200));
    path.receive(Uint8Array.of(2, 200));
    expect(rejections.map(({ code }) => code)).toEqual(["malformed"]);
    expect(heard).toHaveLength(1);
  });

  it("passes over records of types it doesn't know", () => {
    const { path, heard } = onePath();
    path.receive(Uint8Array.of(77, 2, 1, 1, ...greeting, 78, 0, ...dataRecord(0)));
    expect(heard).toEqual(["hello 2", "data 0"]);
  });

  it("never throws, ends once, and hands on nothing before HELLO, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (all) => {
        const { path, heard } = onePath();
        for (const frame of all) path.receive(frame);
        expect(heard.filter((word) => word.startsWith("down")).length).toBeLessThanOrEqual(1);
        if (!heard[0]?.startsWith("hello")) expect(heard.filter((word) => !word.startsWith("down"))).toEqual([]);
      }),
    );
  });

  it("answers each question with its number, before and after HELLO", async () => {
    const { path, said } = onePath();
    await said();
    path.receive(encodePing(9));
    path.receive(greeting);
    path.receive(encodePing(10));
    expect(await said()).toEqual([
      { type: "pong", token: 9 },
      { type: "pong", token: 10 },
    ]);
  });

  it("measures the round trip by its own question", () => {
    const { clock, path } = onePath();
    clock.advance(30);
    path.receive(encodePong(1));
    expect(path.rttMs).toBe(30);
  });

  it("is suspect once a question had to be asked again, until it is answered", async () => {
    const { clock, path, said } = onePath();
    clock.advance(30);
    path.receive(encodePong(1));
    await said();
    path.doubt();
    expect(types(await said())).toEqual(["ping"]);
    clock.advance(1_999);
    expect(path.isSuspect).toBe(false);
    clock.advance(1);
    expect(path.isSuspect).toBe(true);
    path.receive(encodePong(2));
    expect(path.isSuspect).toBe(false);
  });

  it("asks after 15 s of silence, after 2 s where messages go by", async () => {
    for (const [isBusy, silenceMs] of [
      [false, 15_000],
      [true, 2_000],
    ] as const) {
      const { clock, path, said } = onePath();
      path.receive(Uint8Array.of(...greeting, ...encodePong(1)));
      if (isBusy) path.offer(1);
      await said();
      clock.advance(silenceMs - 1);
      expect(await said()).toEqual([]);
      clock.advance(1);
      expect(types(await said())).toEqual(["ping"]);
    }
  });

  it.each([true, false])("is lost after 10 s without an answer, greeted: %s", (isGreeted) => {
    const { clock, path, heard } = onePath();
    if (isGreeted) path.receive(greeting);
    clock.advance(9_999);
    expect(heard).toEqual(isGreeted ? ["hello 2", "suspect"] : ["suspect"]);
    clock.advance(1);
    expect(heard.at(-1)).toBe("down: nothing came back for 10 s");
    expect(clock.armed).toBe(0);
  });

  it("whose channel is gone is over, once, and deaf", async () => {
    const { clock, path, heard, said } = onePath();
    path.receive(greeting);
    await said();
    path.lose("the channel closed");
    path.lose("again");
    path.receive(dataRecord(0));
    path.close(left);
    path.refuse("whatever");
    expect(heard).toEqual(["hello 2", "down: the channel closed"]);
    expect(await said()).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it.each(["in its own time", "at the goodbye", "when it refuses"])(
    "ends once where its channel throws, %s",
    async (when) => {
      const { path, sink, heard, clock } = onePath();
      await turn();
      sink.send = () => {
        throw new Error("InvalidStateError");
      };
      if (when === "in its own time") path.greet(hello(1));
      else if (when === "at the goodbye") path.close(left);
      else path.refuse("whatever");
      await turn();
      path.lose("the channel closed");
      path.receive(encodeClose(left));
      expect(heard).toEqual(["down: InvalidStateError"]);
      expect(clock.armed).toBe(0);
    },
  );

  it("holds frames back while the channel is full, and goes on when it has room", async () => {
    const { path, sink, said, waiting } = onePath();
    path.receive(greeting);
    await said();
    sink.bufferedAmount = 1 << 20;
    waiting.push(dataRecord(0));
    path.wake();
    expect(await said()).toEqual([]);
    sink.bufferedAmount = 0;
    path.resume();
    expect(types(await said())).toEqual(["data"]);
  });

  it("says goodbye whatever the buffer says, and takes nothing more", async () => {
    const { clock, path, sink, said, heard, waiting } = onePath();
    path.receive(greeting);
    await said();
    sink.bufferedAmount = 1 << 20;
    path.close(left);
    waiting.push(dataRecord(0));
    path.wake();
    path.receive(dataRecord(0));
    path.receive(encodePing(3));
    path.receive(Uint8Array.of(...greeting));
    expect(await said()).toMatchObject([{ type: "close", close: left }]);
    expect(heard).toEqual(["hello 2"]);
    expect(clock.armed).toBe(0);
  });

  it("hears the other side's goodbye once, also when it has said its own", () => {
    for (const isClosing of [true, false]) {
      const { path, heard } = onePath();
      path.receive(greeting);
      if (isClosing) path.close(left);
      path.receive(encodeClose(left));
      path.receive(encodeClose(left));
      expect(heard).toEqual(["hello 2", "down left: the peer left the room"]);
    }
  });

  it("counts the bytes of its frames", async () => {
    const { path, frames } = onePath();
    path.greet(hello(1));
    path.receive(greeting);
    path.receive(dataRecord(0));
    await turn();
    const sent = frames.reduce((sum, frame) => sum + frame.length, 0);
    expect(path.bytes).toEqual({ sent, received: greeting.length + dataRecord(0).length });
  });
});
