import { encodeLossy } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { platformClock } from "../clock.js";
import { turn } from "../testing.test-support.js";
import { type FrameSink, lowWaterBytes, pauseOf } from "./frame-writer.js";
import { LossyWriter } from "./lossy-writer.js";

class TestSink implements FrameSink {
  readonly frames: Uint8Array[] = [];
  bufferedAmount = 0;
  lossy: TestSink | undefined;
  throws: Error | undefined;

  send(frame: Uint8Array): void {
    if (this.throws !== undefined) throw this.throws;
    this.frames.push(frame);
  }
}

function writerTo(lossy?: TestSink) {
  const sink = new TestSink();
  sink.lossy = lossy;
  const failures: string[] = [];
  return { sink, failures, writer: new LossyWriter(sink, pauseOf(platformClock), (reason) => failures.push(reason)) };
}

const record = (sequence: number, length = 1) => encodeLossy(sequence, new Uint8Array(length));
const lossyWaterBytes = 64 * 1024;

describe("the lossy writer", () => {
  it("sends the records of a tick in one frame, over the channel for them", async () => {
    const lossy = new TestSink();
    const { sink, writer } = writerTo(lossy);
    expect([writer.write(record(0)), writer.write(record(1))]).toEqual([true, true]);
    expect(lossy.frames).toEqual([]);
    await turn();
    expect(lossy.frames).toEqual([Uint8Array.of(...record(0), ...record(1))]);
    writer.write(record(2));
    await turn();
    expect(lossy.frames.slice(1)).toEqual([record(2)]);
    expect(sink.frames).toEqual([]);
  });

  it("sends them over the path's own channel while that isn't open", async () => {
    const { sink, writer } = writerTo();
    writer.write(record(0));
    await turn();
    sink.lossy = new TestSink();
    writer.write(record(1));
    await turn();
    expect(sink.frames).toEqual([record(0)]);
    expect(sink.lossy.frames).toEqual([record(1)]);
  });

  it("keeps frames small: what is lost of one is lost whole", async () => {
    const { sink, writer } = writerTo();
    const records = [1, 2, 8_000, 8_000, 8_000, 16_000, 16_000, 5].map((length, i) => record(i, length));
    for (const one of records) writer.write(one);
    await turn();
    expect(sink.frames.map(({ length }) => length <= 16 * 1024)).toEqual(new Array(sink.frames.length).fill(true));
    expect(sink.frames).toHaveLength(4);
    expect(sink.frames.flatMap((frame) => [...frame])).toEqual(records.flatMap((one) => [...one]));
  });

  it.each([
    ["the channel for them", new TestSink(), lossyWaterBytes],
    ["the path's own channel", undefined, lowWaterBytes],
  ])("drops what comes where too much waits in %s", async (_name, lossy, mostBytes) => {
    const { sink, writer } = writerTo(lossy);
    const used = lossy ?? sink;
    used.bufferedAmount = mostBytes + 1;
    expect([writer.hasRoom, writer.write(record(0))]).toEqual([false, false]);
    used.bufferedAmount = mostBytes;
    expect([writer.hasRoom, writer.write(record(1))]).toEqual([true, true]);
    // One more would wait behind that.
    expect(writer.write(record(2))).toBe(false);
    await turn();
    expect(used.frames).toEqual([record(1)]);
  });

  it("bounds what it takes in one tick", () => {
    const { writer } = writerTo(new TestSink());
    const taken = Array.from({ length: 100 }, (_, i) => writer.write(record(i, 1_000))).filter(Boolean).length;
    expect(taken * 1_000).toBeGreaterThan(lossyWaterBytes - 2_000);
    expect(taken * 1_000).toBeLessThan(lossyWaterBytes + 2_000);
  });

  it("tells where the path's own channel throws, and loses what waited", async () => {
    const { sink, writer, failures } = writerTo();
    sink.throws = new Error("gone");
    writer.write(record(0));
    await turn();
    expect(failures).toEqual(["gone"]);
  });

  it("sends nothing once it is closed", async () => {
    const { sink, writer } = writerTo();
    writer.write(record(0));
    writer.close();
    await turn();
    expect(sink.frames).toEqual([]);
  });
});
