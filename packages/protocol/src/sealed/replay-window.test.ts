import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReplayWindow } from "./replay-window.js";

/** What the window must do, without a window: remember everything. */
class Naive {
  readonly seen = new Set<number>();
  highest = -1;
  take(counter: number): boolean {
    const fresh = counter > this.highest - 1024 && !this.seen.has(counter);
    if (fresh) {
      this.seen.add(counter);
      this.highest = Math.max(this.highest, counter);
    }
    return fresh;
  }
}

function take(window: ReplayWindow, counter: number): boolean {
  if (!window.isFresh(counter)) return false;
  window.accept(counter);
  return true;
}

describe("the replay window", () => {
  it("says what a memory of everything would say", () => {
    // Steps around the last counter: repeats, small disorder, the window's edge, leaps past it.
    const step = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -1100, max: 1100 }),
      fc.constantFrom(-1025, -1024, -1023, -33, -32, -31, 31, 32, 33, 1023, 1024, 1025, 5000),
    );
    fc.assert(
      fc.property(fc.nat(10_000), fc.array(step, { maxLength: 300 }), (start, steps) => {
        const window = new ReplayWindow();
        const naive = new Naive();
        let counter = start;
        for (const by of steps) {
          counter = Math.max(0, counter + by);
          expect(take(window, counter)).toBe(naive.take(counter));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("takes each of a run once, in any order within its width", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...Array(1024).keys()], { minLength: 1024 }), (counters) => {
        const window = new ReplayWindow();
        for (const counter of counters) expect(take(window, counter)).toBe(true);
        for (const counter of counters) expect(take(window, counter)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it("works at both ends of the numbers", () => {
    const window = new ReplayWindow();
    expect(take(window, 0)).toBe(true);
    expect(take(window, 0)).toBe(false);
    expect(take(window, Number.MAX_SAFE_INTEGER - 1)).toBe(true);
    expect(take(window, Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(take(window, Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(take(window, Number.MAX_SAFE_INTEGER - 1023)).toBe(true);
    expect(take(window, Number.MAX_SAFE_INTEGER - 1024)).toBe(false);
  });

  it("changes nothing by asking", () => {
    const window = new ReplayWindow();
    for (let i = 0; i < 3; i++) expect(window.isFresh(5000)).toBe(true);
    expect(window.isFresh(0)).toBe(true);
  });
});
