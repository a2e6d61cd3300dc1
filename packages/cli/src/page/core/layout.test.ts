import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { along, between, chord, layOut, strand } from "./layout.js";

describe("layOut", () => {
  it("keeps everyone inside the drawing, and apart", () => {
    const size = fc.integer({ min: 280, max: 1200 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 24 }), size, size, (count, width, height) => {
        const { middle, others } = layOut(count, width, height);
        expect(others).toHaveLength(count);
        const all = [middle, ...others];
        for (const { x, y } of all) {
          expect(x).toBeGreaterThan(0);
          expect(x).toBeLessThan(width);
          expect(y).toBeGreaterThan(0);
          expect(y).toBeLessThan(height);
        }
        const places = new Set(all.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`));
        expect(places.size).toBe(count + 1);
      }),
    );
  });

  it("stands alone in the middle", () => {
    expect(layOut(0, 400, 300).middle).toEqual({ x: 200, y: 150 });
  });
});

describe("curves", () => {
  it("begin and end where they are told", () => {
    const curve = strand({ x: 10, y: 10 }, { x: 90, y: 10 }, 8);
    expect(along(curve, 0)).toEqual({ x: 10, y: 10 });
    expect(along(curve, 1)).toEqual({ x: 90, y: 10 });
  });

  it("to and fro lie on two sides", () => {
    const [a, b] = [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ] as const;
    expect(along(strand(a, b, 8), 0.5).y).toBeCloseTo(-8);
    expect(along(strand(b, a, 8), 0.5).y).toBeCloseTo(8);
  });

  it("of two others keep clear of us", () => {
    const middle = { x: 50, y: 0 };
    for (const y of [-1, 0, 1]) {
      const half = along(chord({ x: 0, y }, { x: 100, y }, middle, 40), 0.5);
      expect(Math.abs(half.y - middle.y)).toBeGreaterThanOrEqual(39);
    }
  });

  it("begin at the rim, also where two nodes are one", () => {
    expect(between({ x: 0, y: 0 }, { x: 100, y: 0 }, 20)).toEqual([
      { x: 20, y: 0 },
      { x: 80, y: 0 },
    ]);
    expect(between({ x: 5, y: 5 }, { x: 5, y: 5 }, 20)).toEqual([
      { x: 5, y: 5 },
      { x: 5, y: 5 },
    ]);
  });
});
