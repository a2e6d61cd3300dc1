import fc from "fast-check";
import { expect, it } from "vitest";
import { partOf } from "./partition.js";

it("a file stays in its part from one version of this program to the next", () => {
  expect(["README.md", "docs/a.md", "packages/x/y.ts"].map((name) => partOf(name, 3))).toEqual([1, 1, 3]);
});

it("every file is in exactly one part, and that is one of them", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (name, parts) => {
      const part = partOf(name, parts);
      expect(part).toBe(partOf(name, parts));
      expect(part).toBeGreaterThanOrEqual(1);
      expect(part).toBeLessThanOrEqual(parts);
    }),
  );
});

it("parts are of about the same size", () => {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 3000; i++) {
    const part = partOf(`folder-${i % 17}/file-${i}.ts`, 3);
    counts[part] = (counts[part] ?? 0) + 1;
  }
  for (const count of counts.slice(1)) expect(Math.abs(count - 1000)).toBeLessThan(120);
});
