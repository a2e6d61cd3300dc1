import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.js";

describe("a token bucket", () => {
  test("lets one burst pass at once, then as much as comes in", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([bucket.take(1, 0), bucket.take(1, 0), bucket.take(1, 0)]).toEqual([0, 0, 0]);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 50)).toBe(50);
    expect(bucket.take(1, 100)).toBe(0);
  });

  test("lets what is larger than a burst pass when it is full", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 10 }, 0);
    expect(bucket.take(1_000, 0)).toBe(0);
    expect(bucket.take(1_000, 0)).toBe(1_000);
  });

  test("isn't filled by a clock that goes back", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 1_000);
    expect(bucket.take(1, 1_000)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 1_000)).toBe(100);
  });

  const steps = fc.array(
    fc.record({ count: fc.integer({ min: 1, max: 20 }), waitMs: fc.integer({ min: 0, max: 500 }) }),
  );

  test("never lets more pass than the burst and what came in since", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bucket = new TokenBucket({ perSecond: 20, burst: 20 }, 0);
        let nowMs = 0;
        let passed = 0;
        for (const { count, waitMs } of all) {
          nowMs += waitMs;
          if (bucket.take(count, nowMs) === 0) passed += count;
          expect(passed).toBeLessThanOrEqual(20 + (nowMs * 20) / 1000 + 1e-3);
        }
      }),
    );
  });

  test("keeps its word: what it says to wait is enough", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bucket = new TokenBucket({ perSecond: 7, burst: 20 }, 0);
        let nowMs = 0;
        for (const { count, waitMs } of all) {
          nowMs += waitMs;
          const retryAfterMs = bucket.take(count, nowMs);
          if (retryAfterMs === 0) continue;
          nowMs += retryAfterMs;
          expect(bucket.take(count, nowMs)).toBe(0);
        }
      }),
    );
  });
});
