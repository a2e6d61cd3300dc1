import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText, saveName } from "./text.js";

describe("plainText", () => {
  it("leaves an ordinary text as it is", () => {
    expect(plainText("quiet-heron", 48)).toBe("quiet-heron");
  });

  it("drops what controls or turns the line", () => {
    expect(plainText("\u202Eevil\u0000\u2066 name\n", 48)).toBe("evil  name");
  });

  it("cuts a long text, and says so", () => {
    expect(plainText("abcdef", 4)).toBe("abc…");
    expect(plainText("x".repeat(1_000_000), 10)).toHaveLength(10);
  });

  it("never gives more characters than asked for, nor half of one", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 1, max: 40 }), (text, most) => {
        const shown = plainText(text, most);
        expect([...shown].length).toBeLessThanOrEqual(most);
        expect(() => encodeURIComponent(shown)).not.toThrow();
      }),
    );
  });
});

describe("saveName", () => {
  it("takes the last part of a path", () => {
    expect(saveName("docs/spec/README.md")).toBe("README.md");
    expect(saveName("C:\\secrets\\notes.txt")).toBe("notes.txt");
  });

  it("never gives a path, a hidden file, or nothing", () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        expect(saveName(path)).toMatch(/^[^./\\][^/\\]*$/su);
      }),
    );
    expect(saveName("../..")).toBe("file");
    expect(saveName("a/.env")).toBe("env");
  });
});
