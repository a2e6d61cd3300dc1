import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Alarm, platformClock } from "./clock.js";
import { TestClock } from "./testing.test-support.js";

describe("the platform's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("calls back once after the delay, unless it is cancelled", () => {
    let rings = 0;
    platformClock.after(100, () => rings++);
    const cancel = platformClock.after(100, () => rings++);
    cancel();
    vi.advanceTimersByTime(99);
    expect(rings).toBe(0);
    vi.advanceTimersByTime(200);
    expect(rings).toBe(1);
  });

  it.each([2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    "doesn't take %d ms for none at all, as timers do",
    (delayMs) => {
      const delays: (number | undefined)[] = [];
      const timer = vi.spyOn(globalThis, "setTimeout").mockImplementation(((_callback: () => void, ms?: number) => {
        delays.push(ms);
        return 0;
      }) as unknown as typeof setTimeout);
      platformClock.after(delayMs, () => {});
      timer.mockRestore();
      expect(delays).toEqual([2 ** 31 - 1]);
    },
  );
});

describe("an alarm", () => {
  function alarm() {
    const clock = new TestClock();
    const rings: number[] = [];
    return { clock, rings, alarm: new Alarm(clock, () => rings.push(clock.nowMs())) };
  }

  it("rings once at its time, moves, and is put off", () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(50);
    one.set(20);
    one.set(20);
    expect(clock.armed).toBe(1);
    clock.advance(30);
    expect(rings).toEqual([20]);
    one.set(60);
    one.set(undefined);
    clock.advance(100);
    expect(rings).toEqual([20]);
    expect(clock.armed).toBe(0);
  });

  it("rings again for the same time where it rang early, and at once for one that is past", () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(20);
    clock.advance(20);
    one.set(20);
    clock.advance(0);
    expect(rings).toEqual([20, 20]);
    one.set(-5);
    clock.advance(0);
    expect(rings).toEqual([20, 20, 20]);
  });
});
