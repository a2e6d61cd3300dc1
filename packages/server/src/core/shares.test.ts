import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ShareLimits, Shares } from "./shares.js";

const plenty = { perSecond: 1e6, burst: 1e6 };
const limits: ShareLimits = {
  control: { perSecond: 1, burst: 2 },
  controlBytes: plenty,
  signals: plenty,
  signalBytes: plenty,
  relayBytes: plenty,
  arrivals: { perSecond: 1, burst: 3 },
  holders: 2,
};

describe("what connections share", () => {
  test("is one for each key", () => {
    const shares = new Shares(limits, 10);
    expect(shares.of("a")).toBe(shares.of("a"));
    expect(shares.of("a")).not.toBe(shares.of("b"));
  });

  test("lets so many come, and says when the next may", () => {
    const share = new Shares(limits, 10).of("a");
    expect([share.arrive(0), share.arrive(0), share.arrive(0), share.arrive(0)]).toEqual([0, 0, 0, 1_000]);
    expect(share.arrive(1_000)).toBe(0);
  });

  test("lets so many be there", () => {
    const share = new Shares(limits, 10).of("a");
    share.hold();
    share.hold();
    expect(share.arrive(0)).toBe("full");
    share.release();
    expect(share.arrive(0)).toBe(0);
  });

  test("outlasts those who hold it, until it is like new", () => {
    const shares = new Shares(limits, 10);
    const share = shares.of("a");
    for (let i = 0; i < 3; i++) share.arrive(0);
    share.hold();
    share.release();
    shares.sweep(2_999);
    expect(shares.of("a")).toBe(share);
    shares.sweep(3_000);
    expect(shares.size).toBe(0);
  });

  test("has no line any more once nobody waits", () => {
    const relayBytes = { perSecond: 4_096_000, burst: 4_096 };
    const shares = new Shares({ ...limits, relayBytes }, 10);
    const share = shares.of("a");
    const [first, second] = [{}, {}];
    expect(share.waitMs(first, "relay", 4_096, 0)).toBe(0);
    share.spend(first, "relay", 4_096);
    expect(share.waitMs(first, "relay", 2_048, 0)).toBe(2);
    expect(share.waitMs(second, "relay", 2_048, 0)).toBe(3);
    shares.sweep(3);
    expect(shares.of("a")).toBe(share);
    shares.sweep(4);
    expect(shares.size).toBe(0);
  });

  test("isn't forgotten while it is held, however many others come", () => {
    const shares = new Shares(limits, 4);
    const held = shares.of("held");
    held.hold();
    for (let i = 0; i < 1_000; i++) shares.of(`other ${i}`).arrive(0);
    shares.sweep(1e9);
    expect(shares.of("held")).toBe(held);
  });

  test("is bounded by who holds and by the most that are remembered", () => {
    const steps = fc.array(fc.record({ key: fc.nat(60), hold: fc.boolean() }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (all) => {
        const shares = new Shares(limits, 20);
        let held = 0;
        for (const { key, hold } of all) {
          const share = shares.of(String(key));
          if (hold && !share.isHeld) {
            share.hold();
            held++;
          }
          expect(shares.size).toBeLessThanOrEqual(Math.max(20, held) + 16);
        }
      }),
    );
  });
});
