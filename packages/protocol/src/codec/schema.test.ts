import { describe, expect, it } from "vitest";
import { limits } from "../limits.js";
import { decodeByType } from "./by-type.js";
import { encode } from "./message-pack.js";
import {
  bytesOf,
  bytesUpTo,
  count,
  list,
  literal,
  name,
  object,
  oneOf,
  optional,
  protocolList,
  type WireSchema,
} from "./schema.js";

const ok = (schema: WireSchema<unknown>, value: unknown) => schema(value).ok;

describe("building blocks", () => {
  it("hold lengths to their limits", () => {
    expect(ok(name, "")).toBe(false);
    expect(ok(name, "n".repeat(limits.nameLength))).toBe(true);
    expect(ok(name, "n".repeat(limits.nameLength + 1))).toBe(false);
    expect(ok(bytesOf(32), new Uint8Array(31))).toBe(false);
    expect(ok(bytesUpTo(4), new Uint8Array(4))).toBe(true);
    expect(ok(bytesUpTo(4), new Uint8Array(5))).toBe(false);
    expect(ok(list(count, 2), [1, 2, 3])).toBe(false);
  });

  it("take whole numbers only as counts", () => {
    for (const wrong of [-1, 1.5, 2 ** 53, Number.NaN, 1n, "1", null]) expect(ok(count, wrong)).toBe(false);
    for (const right of [0, 1, Number.MAX_SAFE_INTEGER]) expect(ok(count, right)).toBe(true);
  });

  it("hold lists of protocols to every limit", () => {
    const many = (length: number) => Object.fromEntries(Array.from({ length }, (_, i) => [`p${i}`, ["1"]]));
    expect(ok(protocolList, many(limits.protocols))).toBe(true);
    expect(ok(protocolList, many(limits.protocols + 1))).toBe(false);
    expect(ok(protocolList, { p: new Array(limits.versionsPerProtocol + 1).fill("1") })).toBe(false);
    expect(ok(protocolList, { p: ["1".repeat(limits.versionLength + 1)] })).toBe(false);
    expect(ok(protocolList, { p: "1" })).toBe(false);
    expect(ok(protocolList, { "": ["1"] })).toBe(false);
  });

  it("pass over the names of protocols that reach an object's prototype", () => {
    const value = { constructor: ["1"], prototype: ["1"], p: ["1"] };
    expect(protocolList(value)).toEqual({ ok: true, value: { p: ["1"] } });
  });

  it("leave out an optional field that isn't there, and check one that is", () => {
    const schema = object({ a: count, b: optional(count) });
    for (const value of [{ a: 1 }, { a: 1, b: undefined }])
      expect(schema(value)).toStrictEqual({ ok: true, value: { a: 1 } });
    expect(schema({ a: 1, b: 2 })).toEqual({ ok: true, value: { a: 1, b: 2 } });
    for (const value of [{ b: 1 }, { a: 1, b: "2" }, { a: 1, b: null }, null, 5, "a"])
      expect(ok(schema, value)).toBe(false);
  });

  it("take one of several values, and say which", () => {
    const schema = oneOf("signal", "relay");
    expect([schema("signal"), schema("relay")]).toMatchObject([{ value: "signal" }, { value: "relay" }]);
    for (const value of ["", "bulk", undefined, 0, ["relay"]]) {
      expect(schema(value)).toMatchObject({ code: "malformed", reason: 'expected "signal" or "relay"' });
    }
  });

  it("say where and what was expected, also within", () => {
    const schema = object({ t: literal("a"), cards: list(object({ b: bytesOf(3) }), 2, 1) });
    expect(schema({ t: "b" })).toMatchObject({ reason: 't: expected "a"' });
    expect(schema({ t: "a", cards: [] })).toMatchObject({ reason: "cards: expected a list of 1 to 2" });
    expect(schema({ t: "a", cards: [{ b: "" }] })).toMatchObject({ reason: "cards: b: expected 3 bytes" });
    expect(schema({ t: "a", cards: [5] })).toMatchObject({ reason: "cards: expected a map" });
  });

  it("tell the field that doesn't fit, and nothing that the sender wrote", () => {
    const rejection = object({ protocols: protocolList })({
      protocols: { "my secret": ["other secret", 5] },
    });
    expect(rejection).toMatchObject({ ok: false, code: "malformed", reason: expect.stringContaining("protocols") });
    expect(JSON.stringify(rejection)).not.toContain("secret");
  });
});

describe("messages by type", () => {
  const table = { a: object({ t: literal("a"), x: count }) };
  const decode = (value: unknown) => decodeByType(table, encode(value));

  it("are read by their schema, without the keys it doesn't know", () => {
    expect(decode({ t: "a", x: 1, later: true })).toEqual({ ok: true, value: { t: "a", x: 1 } });
    expect(decode({ t: "a", x: -1 })).toMatchObject({ ok: false, code: "malformed" });
  });

  it("of other types are told apart from what is no message", () => {
    expect(decode({ t: "b" })).toMatchObject({ code: "unknown-type" });
    for (const inherited of ["constructor", "toString", "hasOwnProperty"]) {
      expect(decode({ t: inherited })).toMatchObject({ code: "unknown-type" });
    }
    for (const none of [null, 1, "a", [], {}, { t: 1 }, { t: null }]) {
      expect(decode(none)).toMatchObject({ code: "malformed" });
    }
  });
});
