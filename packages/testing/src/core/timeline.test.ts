import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Timeline } from "./timeline.js";

const runOut = (timeline: Timeline): void => {
  while (timeline.step(Number.MAX_SAFE_INTEGER / 2_048)) {
    // Whatever happens is what the test looks at.
  }
};

describe("a timeline", () => {
  it("lets things happen in the order of their times, those of one time in the order of their scheduling", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ atMs: fc.nat(20), isCancelled: fc.boolean() })), (entries) => {
        const timeline = new Timeline();
        const seen: number[] = [];
        entries.forEach(({ atMs, isCancelled }, i) => {
          const cancel = timeline.at(atMs, () => seen.push(i));
          if (isCancelled) cancel();
        });
        const kept = entries.map((entry, i) => ({ ...entry, i })).filter(({ isCancelled }) => !isCancelled);
        expect(timeline.pending).toBe(kept.length);
        runOut(timeline);
        expect(seen).toEqual(kept.sort((a, b) => a.atMs - b.atMs || a.i - b.i).map(({ i }) => i));
        expect(timeline.pending).toBe(0);
      }),
    );
  });

  it("never goes back, and stands where it was told to where nothing happens", () => {
    const timeline = new Timeline();
    timeline.at(5, () => timeline.at(1, () => {}));
    expect([timeline.step(3), timeline.nowMs]).toEqual([false, 3]);
    expect([timeline.step(9), timeline.nowMs]).toEqual([true, 5]);
    expect([timeline.step(9), timeline.nowMs, timeline.nextAtMs]).toEqual([true, 5, undefined]);
    expect([timeline.step(9), timeline.nowMs]).toEqual([false, 9]);
  });

  it("counts in whole parts of a millisecond, so that what is due is due", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (startMs, delayMs) => {
          const timeline = new Timeline();
          timeline.step(startMs);
          const begunMs = timeline.nowMs;
          let atMs = Number.NaN;
          timeline.after(delayMs, () => {
            atMs = timeline.nowMs;
          });
          runOut(timeline);
          expect(atMs * 1_024).toBe(Math.round(atMs * 1_024));
          expect(atMs).toBeGreaterThanOrEqual(begunMs + delayMs);
          // Next to nothing, long after the beginning, is lost in the sum: who waits so again and again would wait for ever.
          expect(atMs > begunMs).toBe(delayMs > 0);
        },
      ),
    );
  });
});
