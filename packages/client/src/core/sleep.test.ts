import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aheadMs, hasSlept, sampleMs, throttledMs } from "./sleep.js";

const start = { nowMs: 1_000, wallMs: 1_700_000_000_000 };
/** A sample after so much time by each clock. */
const after = (nowMs: number, wallMs = nowMs) => ({ nowMs: start.nowMs + nowMs, wallMs: start.wallMs + wallMs });
const hourMs = 3_600_000;

describe("sleep", () => {
  it.each<[string, ReturnType<typeof after>, boolean]>([
    ["a timer in time", after(sampleMs), false],
    ["a timer that is a little late", after(sampleMs + 4_000), false],
    ["a hidden tab's timer, once a minute", after(throttledMs + sampleMs), false],
    ["a monotonic clock that ran on in sleep", after(hourMs), true],
    ["a monotonic clock that stood still in sleep", after(sampleMs, hourMs), true],
    ["a wall clock that was put right by a moment", after(sampleMs, sampleMs + aheadMs), false],
    ["a wall clock that was set back", after(sampleMs, -hourMs), false],
    ["a wall clock that stood still", after(sampleMs, 0), false],
  ])("%s: %#", (_name, sample, slept) => {
    expect(hasSlept(start, sample)).toBe(slept);
  });

  it("is seen after a wall clock was set back as well as before", () => {
    const back = after(sampleMs, -hourMs);
    expect(hasSlept(back, { nowMs: back.nowMs + sampleMs, wallMs: back.wallMs + sampleMs })).toBe(false);
    expect(hasSlept(back, { nowMs: back.nowMs + sampleMs, wallMs: back.wallMs + hourMs })).toBe(true);
  });

  it("is seen wherever it took longer than a tab may be held back, on either kind of clock, and nowhere else", () => {
    fc.assert(
      fc.property(
        fc.nat(throttledMs),
        fc.integer({ min: aheadMs + 1, max: hourMs }),
        fc.boolean(),
        (lateMs, sleptMs, isStanding) => {
          const awakeMs = sampleMs + lateMs;
          expect(hasSlept(start, after(awakeMs))).toBe(false);
          const asleepMs = isStanding ? sleptMs : sleptMs + throttledMs;
          expect(hasSlept(start, after(isStanding ? awakeMs : awakeMs + asleepMs, awakeMs + asleepMs))).toBe(true);
        },
      ),
    );
  });
});
