import fc from "fast-check";
import { expect, it } from "vitest";
import { isPartName, partName } from "./part-name.js";

it("gives each name another, which is hidden, short enough, and kept for parts", () => {
  expect(partName("a.txt")).toBe(".a.txt.skein-part");
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 255 });
  fc.assert(
    fc.property(name, name, (one, other) => {
      expect(Buffer.byteLength(partName(one))).toBeLessThanOrEqual(255);
      expect(isPartName(partName(one))).toBe(true);
      expect(isPartName(partName(one).toUpperCase())).toBe(true);
      if (one !== other) expect(partName(one)).not.toBe(partName(other));
    }),
  );
});

it("keeps no other names", () => {
  expect(["a", "a.skein-part", ".a", ".skein-parts"].filter(isPartName)).toEqual([]);
});
