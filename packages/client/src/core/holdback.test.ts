import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Holdback } from "./holdback.js";

describe("what is held back", () => {
  it("goes in its order once the quiet is over, and not before", () => {
    const moves = fc.array(fc.oneof(fc.nat(50), fc.constant("add" as const), fc.constant("quiet" as const)));
    fc.assert(
      fc.property(moves, (all) => {
        const holdback = new Holdback();
        let [nowMs, quietMs, added] = [0, 0, 0];
        const gone: number[] = [];
        for (const move of all) {
          if (move === "add") holdback.add(Uint8Array.of(added++));
          else if (move === "quiet") quietMs = nowMs + 30;
          else nowMs += move;
          holdback.beQuiet(quietMs);
          const packets = holdback.take(nowMs);
          if (packets.length > 0) expect(nowMs).toBeGreaterThanOrEqual(quietMs);
          gone.push(...packets.map(([number]) => number as number));
        }
        gone.push(...holdback.take(quietMs).map(([number]) => number as number));
        expect(gone).toEqual(Array.from({ length: added }, (_, i) => i % 256));
      }),
    );
  });

  it("is bounded", () => {
    const holdback = new Holdback();
    holdback.beQuiet(100);
    let kept = 0;
    while (holdback.add(new Uint8Array(1))) kept++;
    expect(kept).toBe(512);
  });

  it("has a deadline while it is quiet or something waits, and none otherwise", () => {
    const holdback = new Holdback();
    expect(holdback.deadline(0)).toBeUndefined();
    holdback.beQuiet(100);
    holdback.beQuiet(50);
    expect(holdback.deadline(0)).toBe(100);
    holdback.add(new Uint8Array(1));
    expect(holdback.deadline(100)).toBe(100);
    holdback.take(100);
    expect(holdback.deadline(100)).toBeUndefined();
  });

  it("is forgotten with its connection", () => {
    const holdback = new Holdback();
    holdback.beQuiet(100);
    holdback.add(new Uint8Array(1));
    holdback.clear();
    expect([holdback.isQuiet(0), holdback.take(0), holdback.deadline(0)]).toEqual([false, [], undefined]);
  });
});
