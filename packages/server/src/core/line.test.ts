import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Line } from "./line.js";
import { TokenBucket } from "./token-bucket.js";

/** Eight packets and a bit a millisecond. */
const rate = { perSecond: 8_300, burst: 1_000 };
const costMs = 1_000 / rate.perSecond;

/** One who sends, and how. */
interface Sender {
  readonly name: string;
  /** How long after its packet has passed, or has been told to wait for that long, it asks again. */
  readonly thinkMs: number;
  readonly lateMs: number;
}

/** Whoever sends without end, and is woken a little late, as by timers. */
const flooder = (name: string, lateMs = 0.7): Sender => ({ name, thinkMs: 0, lateMs });

const [a, b] = [{}, {}];

interface Passed {
  readonly name: string;
  readonly waitedMs: number;
  /** How often it was told to wait. */
  readonly waits: number;
}

/** Senders who share a rate that is used up, for some time. */
function share(senders: readonly Sender[], forMs: number): readonly Passed[] {
  const bucket = new TokenBucket(rate, 0);
  bucket.spend(rate.burst);
  const line = new Line();
  const asking = senders.map((sender) => ({ sender, sinceMs: 0, atMs: 0, waits: 0 }));
  const passed: Passed[] = [];
  for (;;) {
    asking.sort((one, other) => one.atMs - other.atMs);
    const [next] = asking;
    if (next === undefined || next.atMs > forMs) return passed;
    const { sender, sinceMs, atMs } = next;
    const waitMs = line.waitMs(sender, bucket.waitMs(1, atMs), costMs, atMs);
    if (waitMs > 0) {
      next.atMs += waitMs + sender.lateMs;
      next.waits++;
    } else {
      bucket.spend(1);
      line.spend(sender, costMs);
      passed.push({ name: sender.name, waitedMs: atMs - sinceMs, waits: next.waits });
      // A packet takes some time to be dealt with.
      next.atMs += 0.01 + sender.thinkMs;
      next.sinceMs = next.atMs;
      next.waits = 0;
    }
  }
}

const countOf = (passed: readonly Passed[], of: string): number => passed.filter(({ name }) => name === of).length;

describe("a line", () => {
  test("gives as much to each who sends without end, and in all what the rate allows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), (count) => {
        const names = Array.from({ length: count }, (_, number) => `flooder ${number}`);
        const passed = share(
          names.map((name) => flooder(name)),
          1_000,
        );
        expect(passed.length).toBeGreaterThan(0.8 * rate.perSecond);
        expect(passed.length).toBeLessThanOrEqual(rate.perSecond + 8);
        const counts = names.map((name) => countOf(passed, name));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(16);
      }),
      { numRuns: 20 },
    );
  });

  test("has who sends little wait for a turn of each of the others, and no longer", () => {
    const flooders = Array.from({ length: 20 }, (_, number) => flooder(`flooder ${number}`));
    const passed = share([...flooders, { name: "seldom", thinkMs: 50, lateMs: 0.7 }], 2_000);
    const waits = passed.filter(({ name }) => name === "seldom").map(({ waitedMs }) => waitedMs);
    expect(waits.length).toBeGreaterThan(20);
    // A turn of each, and what its timer is late by.
    expect(Math.max(...waits)).toBeLessThanOrEqual(20 + 1 + 2);
  });

  test("wakes nobody much more often than its turns come", () => {
    const flooders = Array.from({ length: 20 }, (_, number) => flooder(`flooder ${number}`, number / 20));
    const passed = share(flooders, 2_000);
    const waits = passed.reduce((sum, one) => sum + one.waits, 0);
    // Eight packets a turn.
    expect(waits).toBeLessThan((1.3 * passed.length) / 8);
  });

  test("keeps nothing from who is alone, however late it is woken", () => {
    expect(share([flooder("alone", 3)], 1_000).length).toBeGreaterThan(0.95 * rate.perSecond);
  });

  test("tells who asks again the same time", () => {
    const line = new Line();
    expect(line.waitMs(a, 1, 0.125, 0)).toBe(2);
    expect(line.waitMs(b, 1, 0.125, 0)).toBe(3);
    expect(line.waitMs(b, 1, 0.125, 1)).toBe(2);
    expect(line.waitMs(a, 1, 0.125, 1)).toBe(1);
    expect(line.waitMs(a, 0, 0.125, 2)).toBe(0);
  });

  test("lets a newcomer pass nobody, though there is room", () => {
    const line = new Line();
    line.waitMs(a, 1, 0.125, 0);
    expect(line.waitMs(b, 0, 0.125, 1)).toBeGreaterThan(0);
  });

  test("gives what needs longer than a turn a turn as long as it needs", () => {
    const line = new Line();
    expect(line.waitMs(a, 40, 40, 0)).toBe(40);
    expect(line.waitMs(b, 40, 0.125, 0)).toBe(80);
  });

  test("has a turn end with what it allows", () => {
    const line = new Line();
    line.waitMs(a, 1, 0.25, 0);
    line.waitMs(b, 1, 0.25, 0);
    for (let packet = 0; packet < 4; packet++) {
      expect(line.waitMs(a, 0, 0.25, 2)).toBe(0);
      line.spend(a, 0.25);
    }
    expect(line.waitMs(a, 0, 0.25, 2)).toBeGreaterThan(0);
  });

  test("is over when its last turn has ended", () => {
    const line = new Line();
    line.waitMs(a, 1, 0.125, 0);
    expect(line.isOver(2)).toBe(false);
    expect(line.isOver(3)).toBe(true);
    expect(line.waitMs(a, 0, 0.125, 3)).toBe(0);
  });
});
