import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InLane } from "./in-lane.js";

const pieceBytes = 100;

/** Sends a message in pieces; gives it as it came out. */
function through(lane: InLane, bytes: Uint8Array): Uint8Array {
  for (let from = 0; ; from += pieceBytes) {
    const last = from + pieceBytes >= bytes.length;
    const { message, violation } = lane.take(bytes.slice(from, from + pieceBytes), last);
    expect(violation).toBeUndefined();
    if (message === undefined) continue;
    lane.release(message.length);
    return message;
  }
}

describe("a lane that receives", () => {
  it("gives each message as it was, and has it hold twice its bytes at the most, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (lengths) => {
        const lane = new InLane(1_000_000, 1_000_000);
        for (const [number, length] of lengths.entries()) {
          const sent = new Uint8Array(length).fill(number + 1);
          const came = through(lane, sent);
          expect(came).toEqual(sent);
          expect(came.buffer.byteLength).toBeLessThanOrEqual(2 * length + pieceBytes);
        }
      }),
    );
  });

  it("puts messages of one length together without moving them", () => {
    const lane = new InLane(1_000_000, 1_000_000);
    through(lane, new Uint8Array(2_620));
    expect(through(lane, new Uint8Array(2_621)).buffer.byteLength).toBeLessThan(2_800);
  });
});
