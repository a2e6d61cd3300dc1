import fc from "fast-check";
import { expect, it } from "vitest";
import { RateWindow } from "./rate-window.js";

it("gives the mean of what was counted in the last ten seconds, whole seconds taken", () => {
  const counts = fc.array(fc.tuple(fc.nat(3_000), fc.nat(100)), { maxLength: 40 });
  fc.assert(
    fc.property(counts, fc.nat(20_000), (steps, laterMs) => {
      const rate = new RateWindow();
      let nowMs = 5_000;
      const all = steps.map(([afterMs, count]) => {
        nowMs += afterMs;
        rate.add(count, nowMs);
        return { second: Math.floor(nowMs / 1_000), count };
      });
      const now = Math.floor((nowMs + laterMs) / 1_000);
      const inside = all.filter(({ second }) => second > now - 10).reduce((sum, { count }) => sum + count, 0);
      expect(rate.perSecond(nowMs + laterMs)).toBe(inside / 10);
    }),
  );
});
