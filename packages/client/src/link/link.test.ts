import {
  type Close,
  decodeFrame,
  encodeClose,
  encodeData,
  encodeHello,
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
import { Link } from "./link.js";

const hello = (byte: number): Hello => ({ link: new Uint8Array(8).fill(byte), protocols: {}, features: [] });
const left: Close = { code: "left", reason: "the peer left the room" };

/** One link whose other side is the test. */
function oneLink() {
  const clock = new TestClock();
  const frames: Uint8Array[] = [];
  const heard: string[] = [];
  const rejections: Rejected[] = [];
  const sink = { bufferedAmount: 0, send: (frame: Uint8Array) => void frames.push(frame) };
  const link = new Link({
    clock,
    hello: hello(1),
    sink,
    listener: {
      up: () => heard.push("up"),
      payload: (payload) => heard.push(`payload ${payload.join()}`),
      down: (reason, close) => heard.push(close === undefined ? `down: ${reason}` : `down ${close.code}: ${reason}`),
      rejected: (rejection) => rejections.push(rejection),
    },
  });
  /** What the link said since this was asked last. */
  const said = async (): Promise<WireRecord[]> => {
    await turn();
    return frames.splice(0).flatMap((frame) => {
      const records = decodeFrame(frame);
      if (!records.ok) throw new Error(records.reason);
      return [...records.value];
    });
  };
  return { clock, link, sink, said, heard, rejections, frames };
}

const types = (records: readonly WireRecord[]) => records.map(({ type }) => type);
const payload = (...bytes: number[]) => Uint8Array.from(bytes);

describe("a link", () => {
  it("says HELLO first, with its first question, whatever is sent in the same tick", async () => {
    const { link, said } = oneLink();
    void link.send(payload(7));
    expect(await said()).toMatchObject([{ type: "hello", hello: hello(1) }, { type: "ping" }, { type: "data" }]);
  });

  it("is up once the other side said HELLO, and delivers its payloads in order", () => {
    const { link, heard } = oneLink();
    link.receive(encodeHello(hello(2)));
    link.receive(Uint8Array.of(...encodeData(0, payload(1)), ...encodeData(1, payload(2))));
    link.receive(encodeData(2, payload(3)));
    expect(heard).toEqual(["up", "payload 1", "payload 2", "payload 3"]);
  });

  it.each<[string, Uint8Array, string]>([
    ["data before HELLO", encodeData(0, payload(1)), "data before HELLO"],
    ["a second HELLO", Uint8Array.of(...encodeHello(hello(2)), ...encodeHello(hello(2))), "a second HELLO"],
    ["a gap", Uint8Array.of(...encodeHello(hello(2)), ...encodeData(1, payload(1))), "record 1 came where 0 was due"],
    ["a truncated frame", Uint8Array.of(2, 200), "a frame that ends in the middle of a record"],
    ["an oversized frame", new Uint8Array(limits.frameBytes + 1), `a frame of over ${limits.frameBytes} bytes`],
  ])("refuses %s: it says so with CLOSE and ends", async (_name, frame, reason) => {
    const { clock, link, said, heard } = oneLink();
    await said();
    link.receive(frame);
    expect(await said()).toMatchObject([{ type: "close", close: { code: "bad-message", reason } }]);
    expect(heard.at(-1)).toBe(`down: ${reason}`);
    expect(heard.filter((word) => word.startsWith("payload"))).toEqual([]);
    expect(clock.armed).toBe(0);
    await expect(link.send(payload(1))).rejects.toMatchObject({ code: "link-lost" });
  });

  it("counts a frame that it can't read, and nothing behind the end", () => {
    const { link, rejections, heard } = oneLink();
    link.receive(Uint8Array.of(2, 200));
    link.receive(Uint8Array.of(2, 200));
    expect(rejections.map(({ code }) => code)).toEqual(["malformed"]);
    expect(heard).toHaveLength(1);
  });

  it("delivers nothing that stands behind a breach in the same frame", () => {
    const { link, heard } = oneLink();
    link.receive(Uint8Array.of(...encodeHello(hello(2)), ...encodeData(5, payload(5)), ...encodeData(0, payload(0))));
    expect(heard).toEqual(["up", "down: record 5 came where 0 was due"]);
  });

  it("passes over records of types it doesn't know", () => {
    const { link, heard } = oneLink();
    link.receive(Uint8Array.of(77, 2, 1, 1, ...encodeHello(hello(2)), 78, 0, ...encodeData(0, payload(1))));
    expect(heard).toEqual(["up", "payload 1"]);
  });

  it("never throws and never delivers before HELLO, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (all) => {
        const { link, heard } = oneLink();
        for (const frame of all) link.receive(frame);
        expect(heard.filter((word) => word.startsWith("down")).length).toBeLessThanOrEqual(1);
        if (!heard.includes("up")) expect(heard.filter((word) => word.startsWith("payload"))).toEqual([]);
      }),
    );
  });

  it("answers each question with its number, before and after HELLO", async () => {
    const { link, said } = oneLink();
    await said();
    link.receive(encodePing(9));
    link.receive(encodeHello(hello(2)));
    link.receive(encodePing(10));
    expect(await said()).toEqual([
      { type: "pong", token: 9 },
      { type: "pong", token: 10 },
    ]);
  });

  it("measures the round trip by its own question", () => {
    const { clock, link } = oneLink();
    clock.advance(30);
    link.receive(encodePong(1));
    expect(link.rttMs).toBe(30);
  });

  it("is doubtful once a question had to be asked again, until it is answered", async () => {
    const { clock, link, said } = oneLink();
    clock.advance(30);
    link.receive(encodePong(1));
    await said();
    link.doubt();
    expect(types(await said())).toEqual(["ping"]);
    clock.advance(3_999);
    expect(link.isDoubtful).toBe(false);
    clock.advance(1);
    expect(link.isDoubtful).toBe(true);
    link.receive(encodePong(2));
    expect(link.isDoubtful).toBe(false);
  });

  it("asks after 15 s of silence, after 2 s where messages go by", async () => {
    for (const [isBusy, silenceMs] of [
      [false, 15_000],
      [true, 2_000],
    ] as const) {
      const { clock, link, said } = oneLink();
      link.receive(Uint8Array.of(...encodeHello(hello(2)), ...encodePong(1)));
      if (isBusy) void link.send(payload(1));
      await said();
      clock.advance(silenceMs - 1);
      expect(await said()).toEqual([]);
      clock.advance(1);
      expect(types(await said())).toEqual(["ping"]);
    }
  });

  it("is lost after 10 s without an answer, and fails who waits", async () => {
    const { clock, link, sink, heard } = oneLink();
    link.receive(encodeHello(hello(2)));
    await turn();
    sink.bufferedAmount = 1 << 20;
    const sent = link.send(payload(1));
    const outcome = expect(sent).rejects.toMatchObject({ code: "link-lost" });
    clock.advance(9_999);
    expect(heard).toEqual(["up"]);
    clock.advance(1);
    expect(heard).toEqual(["up", "down: nothing came back for 10 s"]);
    await outcome;
    expect(clock.armed).toBe(0);
  });

  it("that isn't greeted is lost as well", () => {
    const { clock, heard } = oneLink();
    clock.advance(10_000);
    expect(heard).toEqual(["down: nothing came back for 10 s"]);
  });

  it("whose path is gone is over, once, and deaf", async () => {
    const { clock, link, heard } = oneLink();
    link.receive(encodeHello(hello(2)));
    link.lose("the channel closed");
    link.lose("again");
    link.receive(encodeData(0, payload(1)));
    expect(heard.filter((word) => word.startsWith("payload"))).toEqual([]);
    expect(heard.filter((word) => word.startsWith("down")).length).toBeLessThanOrEqual(1);
    expect(clock.armed).toBe(0);
    await expect(link.send(payload(1))).rejects.toMatchObject({ code: "link-lost" });
  });

  it("ends where its channel throws", async () => {
    const { link, sink, heard, clock } = oneLink();
    await turn();
    sink.send = () => {
      throw new Error("InvalidStateError");
    };
    await expect(link.send(payload(1))).rejects.toMatchObject({ code: "link-lost" });
    expect(heard).toEqual(["down: InvalidStateError"]);
    expect(clock.armed).toBe(0);
  });

  it("holds frames back while the channel is full, and goes on when it has room", async () => {
    const { link, sink, said } = oneLink();
    await said();
    sink.bufferedAmount = 1 << 20;
    const sent = link.send(payload(1));
    expect(await said()).toEqual([]);
    sink.bufferedAmount = 0;
    link.resume();
    await sent;
    expect(types(await said())).toEqual(["data"]);
  });

  it("says goodbye behind all that was sent, and takes nothing more", async () => {
    const { clock, link, sink, said, heard } = oneLink();
    link.receive(encodeHello(hello(2)));
    await said();
    sink.bufferedAmount = 1 << 20;
    const sent = link.send(payload(1));
    await turn();
    link.close(left);
    await sent;
    expect(await said()).toMatchObject([{ type: "data" }, { type: "close", close: left }]);
    await expect(link.send(payload(2))).rejects.toMatchObject({ code: "link-lost" });
    link.receive(encodeData(0, payload(9)));
    link.receive(encodePing(3));
    expect(await said()).toEqual([]);
    expect(heard).toEqual(["up"]);
    expect(clock.armed).toBe(0);
  });

  it("hears the other side's goodbye once, also when it has said its own", () => {
    for (const isClosing of [true, false]) {
      const { link, heard } = oneLink();
      link.receive(encodeHello(hello(2)));
      if (isClosing) link.close(left);
      link.receive(encodeClose(left));
      link.receive(encodeClose(left));
      expect(heard).toEqual(["up", "down left: the peer left the room"]);
    }
  });

  it("between goodbyes isn't disturbed by garbage", () => {
    const { link, heard } = oneLink();
    link.receive(encodeHello(hello(2)));
    link.close(left);
    link.receive(Uint8Array.of(2, 200));
    link.refuse("whatever");
    link.doubt();
    expect(heard).toEqual(["up"]);
    link.receive(encodeClose(left));
    expect(heard).toEqual(["up", "down left: the peer left the room"]);
  });

  it("counts what went through", async () => {
    const { link, frames } = oneLink();
    const greeting = encodeHello(hello(2));
    const data = encodeData(0, payload(1, 2, 3));
    link.receive(greeting);
    link.receive(data);
    await link.send(payload(1), payload(2));
    const bytesSent = frames.reduce((sum, frame) => sum + frame.length, 0);
    const bytesReceived = greeting.length + data.length;
    expect(link.traffic).toEqual({ bytesSent, bytesReceived, payloadsSent: 2, payloadsReceived: 1 });
  });
});
