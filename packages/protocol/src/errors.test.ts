import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ErrorCode, isErrorCode, SkeinError } from "./errors.js";

describe("SkeinError", () => {
  it("carries code, text, cause and the time to wait", () => {
    const cause = new Error("below");
    const error = new SkeinError("rate-limited", "Wait.", { cause, retryAfterMs: 50 });
    expect(error).toMatchObject({
      name: "SkeinError",
      code: "rate-limited",
      message: "Wait.",
      cause,
      retryAfterMs: 50,
    });
    expect("cause" in new SkeinError("closed", "Gone.")).toBe(false);
  });

  it("is recognised by its shape, so that two copies of the package agree", () => {
    const other = Object.assign(new Error("from the other copy"), { name: "SkeinError", code: "timeout" });
    expect(SkeinError.is(other)).toBe(true);
    expect(SkeinError.is(other, "timeout")).toBe(true);
    expect(SkeinError.is(other, "closed")).toBe(false);
    for (const no of [null, undefined, "timeout", { name: "SkeinError", code: "timeout" }, new Error("plain")]) {
      expect(SkeinError.is(no)).toBe(false);
    }
  });

  it("takes whatever was thrown", () => {
    const own = new SkeinError("closed", "Gone.");
    expect(SkeinError.from(own, "timeout")).toBe(own);
    const cause = new TypeError("odd");
    expect(SkeinError.from(cause, "bad-message")).toMatchObject({ code: "bad-message", message: "odd", cause });
    expect(SkeinError.from("text", "closed", "Told.")).toMatchObject({ message: "Told.", cause: "text" });
  });

  it("takes also what can't be made a string", () => {
    const thrower = {
      toString: () => {
        throw new Error("no");
      },
    };
    for (const thrown of [Object.create(null), thrower, Symbol("s"), undefined]) {
      expect(SkeinError.from(thrown, "closed")).toMatchObject({ code: "closed" });
    }
  });

  it("knows its own codes, and no name that objects inherit", () => {
    const known: ErrorCode[] = ["aborted", "link-lost", "unsupported-version"];
    for (const code of known) expect(isErrorCode(code)).toBe(true);
    for (const word of ["", "constructor", "__proto__", "Aborted"]) expect(isErrorCode(word)).toBe(false);
  });

  it("documents each code it has", () => {
    const source = readFileSync(new URL("./errors.ts", import.meta.url), "utf8");
    const documented = [...source.matchAll(/^ \* \| `([a-z-]+)` \|/gm)].map((match) => match[1] as string);
    const listed = [...source.matchAll(/^ {2}"([a-z-]+)",$/gm)].map((match) => match[1] as string);
    expect(documented).toEqual(listed);
    for (const code of documented) expect(isErrorCode(code)).toBe(true);
  });
});
