import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteQueue, blockBytes } from "./byte-queue.js";

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.integer({ min: 0, max: 3 * blockBytes }).map((length) => new Uint8Array(length).fill(length)),
);

describe("a byte queue", () => {
  it("gives what came, in its order, whatever the pieces", () => {
    const action = fc.oneof(anyBytes, fc.constant("shift" as const));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = new ByteQueue();
        const came: number[] = [];
        const went: number[] = [];
        const shift = () => {
          const bytes = queue.shift();
          for (const byte of bytes ?? []) went.push(byte);
          return bytes;
        };
        for (const step of actions) {
          if (step === "shift") shift();
          else {
            queue.push(step);
            for (const byte of step) came.push(byte);
          }
          expect(queue.length).toBe(came.length - went.length);
        }
        while (shift() !== undefined);
        expect(went).toEqual(came);
      }),
      { numRuns: 60 },
    );
  });

  it("holds no view of what came, and few blocks for many small pieces", () => {
    const queue = new ByteQueue();
    const frame = new Uint8Array(blockBytes);
    for (let i = 0; i < 5_000; i++) queue.push(frame.subarray(i, i + 1));
    frame.fill(9);
    const first = queue.shift();
    expect(first).toEqual(new Uint8Array(5_000));
    expect(first?.buffer.byteLength).toBeLessThanOrEqual(blockBytes);
    expect(queue.shift()).toBeUndefined();
  });

  it("cleared, is empty", () => {
    const queue = new ByteQueue();
    queue.push(new Uint8Array(10));
    queue.clear();
    expect([queue.length, queue.shift()]).toEqual([0, undefined]);
  });
});
