import { limits } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { platformClock } from "../clock.js";
import { turn } from "../testing.test-support.js";
import { FrameWriter, lowWaterBytes, pauseOf } from "./frame-writer.js";

/** A channel that keeps what it was given, and says its buffer is as full as the test wants. */
class TestSink {
  readonly frames: Uint8Array[] = [];
  bufferedAmount = 0;
  /** Whether each frame adds to the buffer. */
  fills = false;

  send(frame: Uint8Array): void {
    this.frames.push(frame);
    if (this.fills) this.bufferedAmount += frame.length;
  }

  get firsts(): (number | undefined)[] {
    return this.frames.map((frame) => frame[0]);
  }
}

function writerTo(sink: TestSink) {
  const failures: string[] = [];
  /** What the link has to say. */
  const waiting: Uint8Array[] = [];
  const asked: number[] = [];
  const writer: FrameWriter = new FrameWriter(
    sink,
    (mostBytes) => {
      asked.push(mostBytes);
      return waiting.shift();
    },
    pauseOf(platformClock),
    (reason) => {
      failures.push(reason);
      writer.close();
    },
  );
  return { writer, failures, waiting, asked };
}

const bytes = (byte: number, length = 1) => new Uint8Array(length).fill(byte);
const highWaterBytes = 512 * 1024;

describe("the frame writer", () => {
  it("sends at the end of the tick: first its own records in one frame, then the link's frames", async () => {
    const sink = new TestSink();
    const { writer, waiting, asked } = writerTo(sink);
    waiting.push(bytes(8), bytes(9));
    writer.wake();
    writer.write(bytes(1));
    writer.write(bytes(2));
    expect(sink.frames).toEqual([]);
    await turn();
    expect(sink.frames).toEqual([Uint8Array.of(1, 2), bytes(8), bytes(9)]);
    expect(new Set(asked)).toEqual(new Set([limits.frameBytes]));
  });

  it("waits while more comes, one await after the other, and then sends it together", async () => {
    const sink = new TestSink();
    const { writer, waiting } = writerTo(sink);
    waiting.push(bytes(1));
    const send = async () => writer.wake(100);
    for (let i = 0; i < 50; i++) await send();
    expect(sink.frames).toEqual([]);
    await turn();
    expect(sink.firsts).toEqual([1]);
  });

  it("waits no longer than until a frame is worth it, and tells where a run begins", async () => {
    const sink = new TestSink();
    const { writer, waiting } = writerTo(sink);
    waiting.push(bytes(1), bytes(2));
    expect([writer.wake(10_000), writer.wake(10_000)]).toEqual([true, false]);
    await Promise.resolve();
    expect(sink.firsts).toEqual([1, 2]);
    expect(writer.wake(1)).toBe(true);
  });

  it("pulls a frame only when the channel has room for it", async () => {
    const sink = new TestSink();
    sink.fills = true;
    const { writer, waiting } = writerTo(sink);
    for (let i = 0; i < 20; i++) waiting.push(bytes(i, limits.frameBytes));
    writer.wake();
    await turn();
    expect(sink.frames).toHaveLength(highWaterBytes / limits.frameBytes);
    // What matters more goes first, also where it comes late.
    waiting.unshift(bytes(99, limits.frameBytes));
    writer.wake();
    await turn();
    expect(sink.frames).toHaveLength(8);
    sink.bufferedAmount = lowWaterBytes;
    writer.resume();
    expect(sink.frames).toHaveLength(8 + 6);
    expect(sink.firsts[8]).toBe(99);
    sink.bufferedAmount = -1e9;
    writer.resume();
    expect(sink.firsts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 99, ...Array.from({ length: 12 }, (_, i) => 8 + i)]);
  });

  it("isn't moved by room that it didn't wait for", async () => {
    const sink = new TestSink();
    const { writer, waiting } = writerTo(sink);
    waiting.push(bytes(1));
    writer.resume();
    writer.wake();
    writer.resume();
    expect(sink.frames).toEqual([]);
    await turn();
    expect(sink.firsts).toEqual([1]);
  });

  it("takes records that come while it sends", async () => {
    const sink = new TestSink();
    const { writer } = writerTo(sink);
    const send = sink.send.bind(sink);
    sink.send = (frame) => {
      send(frame);
      if (sink.frames.length < 3) writer.write(bytes(sink.frames.length));
    };
    writer.write(bytes(0));
    await turn();
    expect(sink.firsts).toEqual([0, 1, 2]);
  });

  it("closed, sends nothing more, also where it is closed while it sends", async () => {
    const sink = new TestSink();
    const { writer, waiting, asked } = writerTo(sink);
    waiting.push(bytes(1), bytes(2), bytes(3));
    const send = sink.send.bind(sink);
    sink.send = (frame) => {
      send(frame);
      writer.close();
    };
    writer.wake();
    await turn();
    writer.write(bytes(4));
    writer.wake();
    writer.resume();
    writer.finish(bytes(5));
    await turn();
    expect(sink.firsts).toEqual([1]);
    expect(asked).toHaveLength(1);
  });

  it("closed before the tick ends, asks the link for nothing", async () => {
    const sink = new TestSink();
    const { writer, asked } = writerTo(sink);
    writer.write(bytes(1));
    writer.close();
    await turn();
    expect([sink.frames, asked]).toEqual([[], []]);
  });

  it("finished, sends all that may go whatever the buffer says, then the last record, and nothing more", async () => {
    const sink = new TestSink();
    sink.bufferedAmount = highWaterBytes;
    const { writer, waiting } = writerTo(sink);
    waiting.push(bytes(9));
    writer.wake();
    await turn();
    writer.write(bytes(1));
    writer.write(bytes(2));
    writer.finish(bytes(3));
    expect(sink.frames).toEqual([Uint8Array.of(1, 2), bytes(9), bytes(3)]);
    writer.write(bytes(4));
    writer.resume();
    await turn();
    expect(sink.frames).toHaveLength(3);
  });

  it.each<[string, unknown, string]>([
    ["an error", new Error("InvalidStateError"), "InvalidStateError"],
    ["no error at all", "plain text", "plain text"],
  ])(
    "fails once where the channel throws %s, in its own time or when it is finished",
    async (_name, thrown, reason) => {
      for (const isFinished of [false, true]) {
        const sink = new TestSink();
        sink.send = () => {
          throw thrown;
        };
        const { writer, failures } = writerTo(sink);
        writer.write(bytes(1));
        if (isFinished) writer.finish(bytes(3));
        await turn();
        writer.write(bytes(2));
        await turn();
        expect(failures).toEqual([reason]);
      }
    },
  );

  it("keeps a bound of its own records while the channel is full, whoever asks for them", async () => {
    const sink = new TestSink();
    const { writer } = writerTo(sink);
    writer.write(bytes(0));
    await turn();
    sink.bufferedAmount = highWaterBytes;
    writer.wake(1);
    await turn();
    for (let i = 0; i < 100_000; i++) writer.write(bytes(5, 3));
    sink.bufferedAmount = 0;
    writer.resume();
    expect(sink.frames.map(({ length }) => length)).toEqual([1, 3 * 256]);
    // What comes later goes as before.
    writer.write(bytes(6));
    await turn();
    expect(sink.firsts).toEqual([0, 5, 6]);
  });
});
