import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startTenure, type Tenure, tenureDeadline, wakeTenure } from "./tenure.js";

/** Wakes it at each of its deadlines, and tells what it did when. */
function live(leftMs: number): { readonly atMs: number; readonly what: string }[] {
  const told: { atMs: number; what: string }[] = [];
  let tenure: Tenure | undefined = startTenure(leftMs, 0);
  while (tenure !== undefined) {
    const atMs: number = tenureDeadline(tenure);
    const woken: ReturnType<typeof wakeTenure> = wakeTenure(tenure, atMs);
    for (const effect of woken.effects) told.push({ atMs, what: effect.type });
    tenure = woken.tenure;
  }
  return told;
}

describe("a tenure", () => {
  test("granted -> warned a minute before -> warned again -> over at its end", () => {
    expect(live(3_600_000)).toEqual([
      { atMs: 3_540_000, what: "warn" },
      { atMs: 3_570_000, what: "warn" },
      { atMs: 3_585_000, what: "warn" },
      { atMs: 3_592_500, what: "warn" },
      { atMs: 3_600_000, what: "end" },
    ]);
  });

  test("granted -> warned at half of a short time", () => {
    expect(live(20_000)[0]).toEqual({ atMs: 10_000, what: "warn" });
  });

  test("is never ended without a warning, nor before its time, and always ends", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (leftMs) => {
        const told = live(leftMs);
        expect(told[0]?.what).toBe("warn");
        expect(told.at(-1)?.what).toBe("end");
        expect(told.filter(({ what }) => what === "end")).toHaveLength(1);
        expect(told.at(-1)?.atMs).toBeGreaterThanOrEqual(leftMs);
      }),
    );
  });

  test("whose warning was slept through is warned, and has time to answer", () => {
    const woken = wakeTenure(startTenure(60_000, 0), 90_000);
    expect(woken.effects).toEqual([{ type: "warn", leftMs: 5_000 }]);
    expect(wakeTenure(woken.tenure as Tenure, 95_000).effects).toEqual([{ type: "end" }]);
  });

  test("woken early does nothing", () => {
    const tenure = startTenure(60_000, 0);
    expect(wakeTenure(tenure, 100)).toEqual({ tenure, effects: [] });
  });
});
