import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { whyUnsafe } from "./safe-path.js";

const part = fc.constantFrom(
  "..",
  ".",
  "",
  "a",
  "b.md",
  "\\",
  "~",
  "C:",
  "C:x",
  "nul",
  "é",
  "\0",
  "x ",
  "a:b",
  "..\\..",
);
const path = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(part).map((parts) => parts.join("/")),
);

describe("whyUnsafe", () => {
  it.each(["a", "docs/a.md", "ü/日本.txt", "..a/...", " a", "aux.c", "12:30.jpg", "a".repeat(255)])(
    "has nothing against %j",
    (name) => expect(whyUnsafe(name, "linux")).toBeUndefined(),
  );

  it.each([
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "//server/share",
    "a//b",
    "a/",
    "a\\b",
    "..\\x",
    "C:x",
    "C:/x",
    "a/C:x",
    "a\0b",
    "a\nb",
    "\ud800",
    "a".repeat(256),
  ])("refuses %j", (name) => expect(whyUnsafe(name, "linux")).toBeDefined());

  it.each(["nul", "docs/CON.txt", "com1", "COM¹.log", "aux .c", "12:30", "a.", "a ", 'a"', "a*"])(
    "refuses %j on Windows",
    (name) => {
      expect(whyUnsafe(name, "linux")).toBeUndefined();
      expect(whyUnsafe(name, "win32")).toBeDefined();
    },
  );

  it("lets nothing lead out of the folder, on either system", () => {
    fc.assert(
      fc.property(path, (any) => {
        if (whyUnsafe(any, "linux") === undefined) expect(posix.resolve("/r", any)).toBe(`/r/${any}`);
        if (whyUnsafe(any, "win32") === undefined) {
          expect(win32.resolve("C:\\r", any)).toBe(`C:\\r\\${any.replaceAll("/", "\\")}`);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
