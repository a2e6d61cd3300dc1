import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TotalsWindow } from "./totals-window.js";

describe("TotalsWindow", () => {
  it("gives what was added since the newest sample that is ten seconds old, by the time since, whenever it is asked", () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(20_000), added: fc.nat(1_000), isSampled: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const window = new TotalsWindow<"bytes">();
        const samples: { atMs: number; bytes: number }[] = [];
        let nowMs = 0;
        let bytes = 0;
        for (const { afterMs, added, isSampled } of all) {
          nowMs += afterMs;
          bytes += added;
          if (isSampled) {
            window.sample({ bytes }, nowMs);
            samples.push({ atMs: nowMs, bytes });
          }
          const since = samples.filter(({ atMs }) => atMs <= nowMs - 10_000).at(-1) ?? {
            atMs: nowMs - 10_000,
            bytes: 0,
          };
          const rate = ((bytes - since.bytes) * 1_000) / (nowMs - since.atMs);
          expect(window.perSecond({ bytes }, nowMs).bytes).toBeCloseTo(rate, 6);
        }
      }),
    );
  });

  it("finds a steady rate, however late its samples are", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 20 }), fc.nat(1_000), (gapsMs, rate) => {
        const window = new TotalsWindow<"bytes">();
        let nowMs = 5_000;
        const totals = () => ({ bytes: (rate * (nowMs - 5_000)) / 1_000 });
        for (const gapMs of gapsMs) {
          window.sample(totals(), nowMs);
          nowMs += gapMs;
        }
        fc.pre(nowMs >= 15_000);
        expect(window.perSecond(totals(), nowMs).bytes).toBeCloseTo(rate, 6);
      }),
    );
  });

  it("falls to nothing ten seconds after the last was added", () => {
    const window = new TotalsWindow<"bytes">();
    for (let second = 0; second <= 30; second++) window.sample({ bytes: Math.min(second, 20) }, second * 1_000);
    expect(window.perSecond({ bytes: 20 }, 30_000)).toEqual({ bytes: 0 });
  });
});
