import { limits } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { turn } from "../testing.test-support.js";
import { FrameWriter, lowWaterBytes } from "./frame-writer.js";

/** A channel that keeps what it was given, and says its buffer is as full as the test wants. */
class TestSink {
  readonly frames: Uint8Array[] = [];
  bufferedAmount = 0;
  fails: Error | undefined;
  /** What each frame adds to the buffer. */
  fills = false;

  send(frame: Uint8Array): void {
    if (this.fails !== undefined) throw this.fails;
    this.frames.push(frame);
    if (this.fills) this.bufferedAmount += frame.length;
  }

  get bytes(): number[] {
    return this.frames.flatMap((frame) => [...frame]);
  }
}

function writerTo(sink: TestSink) {
  const failures: string[] = [];
  const writer: FrameWriter = new FrameWriter(sink, (reason) => {
    failures.push(reason);
    writer.close(reason);
  });
  return { writer, failures };
}

const record = (byte: number, length = 1) => new Uint8Array(length).fill(byte);
const highWaterBytes = 1 << 20;

describe("the frame writer", () => {
  it("puts the records of one tick into one frame, and those of the next into another", async () => {
    const sink = new TestSink();
    const { writer } = writerTo(sink);
    writer.write(record(1));
    writer.write(record(2));
    expect(sink.frames).toEqual([]);
    await writer.settled();
    writer.write(record(3));
    await writer.settled();
    expect(sink.frames).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
  });

  it("cuts between records, keeps their order, and fills no frame beyond the limit", async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: limits.frameBytes }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lengths, async (all) => {
        const sink = new TestSink();
        const { writer } = writerTo(sink);
        all.forEach((length, i) => {
          writer.write(record(i, length));
        });
        await writer.settled();
        expect(Math.max(...sink.frames.map(({ length }) => length))).toBeLessThanOrEqual(limits.frameBytes);
        const runs = sink.frames.flatMap((frame) => [...new Set(frame)]);
        expect(runs).toEqual(all.map((_, i) => i));
        expect(sink.frames.reduce((sum, { length }) => sum + length, 0)).toBe(all.reduce((sum, n) => sum + n, 0));
        // No frame that the next record would still have fitted into.
        for (let i = 1; i < sink.frames.length; i++) {
          const next = all[sink.frames[i]?.[0] as number] as number;
          expect((sink.frames[i - 1] as Uint8Array).length + next).toBeGreaterThan(limits.frameBytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("waits above the high-water mark, and goes on in order once it is told of room", async () => {
    const sink = new TestSink();
    sink.fills = true;
    const { writer } = writerTo(sink);
    let accepted = false;
    for (let i = 0; i < 40; i++) writer.write(record(i, limits.frameBytes));
    const settled = writer.settled().then(() => {
      accepted = true;
    });
    await turn();
    expect(sink.frames).toHaveLength(highWaterBytes / limits.frameBytes);
    expect(accepted).toBe(false);
    writer.write(record(40));
    await turn();
    expect(sink.frames).toHaveLength(16);
    sink.bufferedAmount = lowWaterBytes;
    writer.resume();
    expect(sink.frames).toHaveLength(16 + 12);
    sink.bufferedAmount = 0;
    writer.resume();
    await settled;
    expect(sink.frames.map((frame) => frame[0])).toEqual(Array.from({ length: 41 }, (_, i) => i));
  });

  it("isn't moved by room that it didn't wait for", async () => {
    const sink = new TestSink();
    const { writer } = writerTo(sink);
    writer.resume();
    writer.write(record(1));
    writer.resume();
    expect(sink.frames).toEqual([]);
    await writer.settled();
    expect(sink.bytes).toEqual([1]);
  });

  it("says at once that nothing waits", async () => {
    const { writer } = writerTo(new TestSink());
    await expect(writer.settled()).resolves.toBeUndefined();
  });

  it("takes records that are written while it sends", async () => {
    const sink = new TestSink();
    const { writer } = writerTo(sink);
    const send = sink.send.bind(sink);
    sink.send = (frame) => {
      send(frame);
      if (sink.frames.length < 3) writer.write(record(sink.frames.length));
    };
    writer.write(record(0));
    await writer.settled();
    expect(sink.bytes).toEqual([0, 1, 2]);
  });

  it("closed, drops what is queued and fails who waits, then and later, with link-lost", async () => {
    const sink = new TestSink();
    const { writer } = writerTo(sink);
    writer.write(record(1));
    const waiting = writer.settled();
    writer.close("the channel closed");
    await expect(waiting).rejects.toMatchObject({
      code: "link-lost",
      message: expect.stringContaining("the channel closed"),
    });
    await expect(writer.settled()).rejects.toMatchObject({ code: "link-lost" });
    writer.write(record(2));
    writer.resume();
    writer.finish();
    await turn();
    expect(sink.frames).toEqual([]);
  });

  it("finished, sends what is queued whatever the buffer says, and takes no more", async () => {
    const sink = new TestSink();
    sink.bufferedAmount = highWaterBytes;
    const { writer } = writerTo(sink);
    writer.write(record(1));
    const waiting = writer.settled();
    await turn();
    expect(sink.frames).toEqual([]);
    writer.write(record(2));
    writer.finish();
    await expect(waiting).resolves.toBeUndefined();
    writer.write(record(3));
    await turn();
    expect(sink.bytes).toEqual([1, 2]);
    await expect(writer.settled()).rejects.toMatchObject({ code: "link-lost" });
  });

  it.each(["in its own time", "when it is finished"])("fails once where the channel throws, %s", async (when) => {
    const sink = new TestSink();
    sink.fails = new Error("InvalidStateError");
    const { writer, failures } = writerTo(sink);
    writer.write(record(1));
    const waiting = writer.settled();
    if (when === "when it is finished") writer.finish();
    await expect(waiting).rejects.toMatchObject({ code: "link-lost" });
    expect(failures).toEqual(["InvalidStateError"]);
  });

  it("fails also where the channel throws something that is no error", async () => {
    const sink = new TestSink();
    sink.send = () => {
      throw "plain text";
    };
    const { writer, failures } = writerTo(sink);
    writer.write(record(1));
    await expect(writer.settled()).rejects.toMatchObject({ code: "link-lost" });
    expect(failures).toEqual(["plain text"]);
  });
});
