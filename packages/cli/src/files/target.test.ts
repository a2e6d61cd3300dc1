import { relative, sep } from "node:path";
import { SkeinError } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { targetPath } from "./target.js";

describe("targetPath", () => {
  it("puts a file under its own name into the folder", () => {
    expect(targetPath("/downloads", "docs/a.md")).toBe("/downloads/docs/a.md");
  });

  it.each([
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "a//b",
    "a/",
    "a\\b",
    "C:x",
    "a\nb",
    "nul",
    "docs/CON.txt",
  ])("refuses %j", (name) => expect(() => targetPath("/downloads", name)).toThrow(SkeinError));

  it("never leaves the folder, whatever the name", () => {
    const part = fc.constantFrom("..", ".", "", "a", "b.md", "\\", "~", "%2e%2e");
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(part).map((parts) => parts.join("/")),
    );
    fc.assert(
      fc.property(name, (any) => {
        try {
          const inside = relative("/downloads", targetPath("/downloads", any));
          expect(inside).not.toBe("");
          expect(inside.split(sep)).not.toContain("..");
        } catch (error) {
          expect(SkeinError.is(error, "bad-argument")).toBe(true);
        }
      }),
    );
  });
});
