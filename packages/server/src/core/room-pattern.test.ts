import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitsPattern } from "./room-pattern.js";

describe("a room", () => {
  test.each([
    ["lab", "lab", true],
    ["lab", "*", true],
    ["lab-1", "lab-*", true],
    ["lab-", "lab-*", true],
    ["lab", "lab-*", false],
    ["my lab-1", "lab-*", false],
    ["a/b/c", "a/*/c", true],
    ["a/c", "a/*/c", false],
    ["aXbXc", "a*b*c", true],
    ["ab", "ab*b", false],
    ["a.c", "a?c", false],
    ["", "", true],
    ["lab", "", false],
    ["LAB", "lab", false],
    ["abab", "*ab", true],
    ["aba", "aba*aba", false],
  ])("%j and %j: %j", (room, pattern, fits) => {
    expect(fitsPattern(room, pattern)).toBe(fits);
  });

  test("fits as the same expression says", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(name, text, (room, pattern) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
        expect(fitsPattern(room, pattern)).toBe(expression.test(room));
      }),
      { numRuns: 1_000 },
    );
  });
});
