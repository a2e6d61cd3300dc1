import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.js";

describe("seeded randomness", () => {
  it("is what it was when it was written: scenarios of old seeds stay what they were", () => {
    const random = new SeededRandom(1);
    expect([random.uint32(), random.uint32(), random.uint32()]).toMatchInlineSnapshot(`
      [
        2420951833,
        2513034076,
        3847892949,
      ]
    `);
  });

  it("is the same for the same seed, and another for another", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const [a, b, other] = [seed, seed, seed + 1].map((from) => new SeededRandom(from).bytes(16).join());
        expect(a).toBe(b);
        expect(a).not.toBe(other);
      }),
    );
  });

  it("stays within its bounds, and reaches all of a small range", () => {
    const random = new SeededRandom(7);
    const drawn = new Set(Array.from({ length: 200 }, () => random.below(5)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4]);
    for (let i = 0; i < 1_000; i++) {
      const between = random.between(3, 4);
      expect(between >= 3 && between < 4).toBe(true);
    }
    expect(() => random.pick([])).toThrow("nothing to pick");
  });

  it("forks into a source of its own", () => {
    const one = new SeededRandom(3);
    const fork = one.fork();
    const before = new SeededRandom(3);
    before.uint32();
    fork.bytes(100);
    expect(one.uint32()).toBe(before.uint32());
  });
});
