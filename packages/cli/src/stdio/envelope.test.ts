import { SkeinError } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentOperation } from "../agent/operations.js";
import { joinOperation } from "../join/operations.js";
import { failure, parseOperation } from "./envelope.js";

const parse = (text: string) => parseOperation({ ok: true, text }, joinOperation);

describe("parseOperation", () => {
  it("reads an operation and its id", () => {
    expect(parse('{"op":"peers","id":"a"}')).toEqual({ ok: true, operation: { op: "peers", id: "a" } });
    expect(parse('{"op":"handle","type":"acme.chat/say"}')).toMatchObject({ operation: { kind: "message" } });
  });

  it.each([
    ["no JSON", "garbage"],
    ["no object", "[1,2]"],
    ["null", "null"],
    ["an unknown operation", '{"op":"dance"}'],
    ["a peer's id of the wrong length", '{"op":"send","to":"x","type":"a/b"}'],
    ["a type without its protocol", '{"op":"broadcast","type":"say"}'],
    ["a deadline of nothing", `{"op":"request","to":"${"a".repeat(43)}","type":"a/b","timeoutMs":0}`],
  ])("answers %s with an error", (_what, text) => {
    expect(parse(text)).toMatchObject({ ok: false, error: { event: "error", code: "bad-argument" } });
  });

  it("names the operation that was wrong, where that can be told", () => {
    expect(parse('{"op":"dance","id":7}')).toMatchObject({ error: { id: 7 } });
    expect(parse('{"op":"peers","id":{}}')).toMatchObject({ ok: false, error: { code: "bad-argument" } });
  });

  it("never throws, whatever the line is", () => {
    const near = fc.record(
      {
        op: fc.constantFrom("send", "request", "respond", "handle", "find", "get", "update", "leave", 5),
        id: fc.anything(),
        to: fc.oneof(fc.string(), fc.constant("a".repeat(43))),
        type: fc.anything(),
        body: fc.anything(),
        words: fc.anything(),
        most: fc.anything(),
        file: fc.anything(),
      },
      { requiredKeys: ["op"] },
    );
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.json(), near.map(stringify));
    fc.assert(
      fc.property(text, fc.constantFrom(joinOperation, agentOperation), (line, schema) => {
        const parsed = parseOperation({ ok: true, text: line }, schema);
        if (!parsed.ok) expect(() => JSON.stringify(parsed.error)).not.toThrow();
      }),
    );
  });

  it("takes a line that is nested very deep", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(parse(deep)).toMatchObject({ ok: false });
    expect(parse(`{"op":"broadcast","type":"a/b","body":${deep}}`)).toBeDefined();
  });
});

describe("failure", () => {
  it("carries a Skein error's code, and nothing but the text of any other", () => {
    const error = new SkeinError("rate-limited", "Slower.", { retryAfterMs: 50 });
    expect(failure(1, error)).toEqual({
      event: "error",
      id: 1,
      code: "rate-limited",
      message: "Slower.",
      retryAfterMs: 50,
    });
    expect(failure(undefined, new Error("odd"))).toEqual({ event: "error", code: "bad-argument", message: "odd" });
  });
});

/** Not all that fast-check makes up can be JSON. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item)) ?? "";
  } catch {
    return "";
  }
}
