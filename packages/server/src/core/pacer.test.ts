import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressPace, everyonesPace, Pacer } from "./pacer.js";

describe("a pacer", () => {
  test("has nobody wait who comes alone, or with few", () => {
    const pacer = new Pacer(everyonesPace);
    for (let nowMs = 0; nowMs < 1_000; nowMs += 10) {
      expect(Array.from({ length: 8 }, () => pacer.waitMs(nowMs))).toEqual(Array.from({ length: 8 }, () => 0));
    }
  });

  test("has a crowd come one after another, in the order in which it came", () => {
    const pacer = new Pacer(everyonesPace);
    const waits = Array.from({ length: 500 }, () => pacer.waitMs(1_000));
    expect(waits.slice(0, 8).every((wait) => wait === 0)).toBe(true);
    expect(waits.slice(8)).toEqual(Array.from({ length: 492 }, (_, index) => (index + 1) * 0.5));
  });

  test("has the crowd of one address come slower, and within five seconds", () => {
    const pacer = new Pacer(addressPace);
    const waits = Array.from({ length: 600 }, () => pacer.waitMs(1_000));
    expect(waits.slice(0, 8)).toEqual(Array(8).fill(0));
    expect(waits.slice(8, 508)).toEqual(Array.from({ length: 500 }, (_, index) => (index + 1) * 10));
    expect(waits.slice(508)).toEqual(Array(92).fill(5_000));
  });

  test("is like new once nobody has come for long enough", () => {
    const pacer = new Pacer(addressPace);
    expect(pacer.isRested(0)).toBe(true);
    for (let one = 0; one < 10; one++) pacer.waitMs(0);
    expect(pacer.isRested(99)).toBe(false);
    expect(pacer.isRested(100)).toBe(true);
  });

  test("lets a few begin in any millisecond, and nobody wait for long, whoever comes when", () => {
    const arrivals = fc.array(fc.record({ afterMs: fc.nat(20), count: fc.integer({ min: 1, max: 300 }) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(arrivals, (crowds) => {
        const pacer = new Pacer(everyonesPace);
        const begun = new Map<number, number>();
        let nowMs = 0;
        let last = 0;
        for (const { afterMs, count } of crowds) {
          nowMs += afterMs;
          for (let one = 0; one < count; one++) {
            const waitMs = pacer.waitMs(nowMs);
            expect(waitMs).toBeLessThanOrEqual(500);
            // Where so many wait that none may wait longer, they come as they can.
            if (waitMs < 500) {
              const begins = Math.floor(nowMs + waitMs);
              expect(begins).toBeGreaterThanOrEqual(last);
              last = begins;
              begun.set(begins, (begun.get(begins) ?? 0) + 1);
            }
          }
        }
        // Those of a burst, and two in each millisecond.
        expect(Math.max(0, ...begun.values())).toBeLessThanOrEqual(10);
      }),
    );
  });
});
