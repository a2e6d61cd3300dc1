import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { limits } from "../limits.js";
import { decodeByType } from "./by-type.js";
import { encode } from "./message-pack.js";
import { bytesOf, bytesUpTo, conform, count, list, name, protocolList } from "./schema.js";

const ok = (schema: v.GenericSchema, value: unknown) => conform(schema, value).ok;

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

  it("tell the field that doesn't fit, and nothing that the sender wrote", () => {
    const rejection = conform(v.object({ protocols: protocolList }), {
      protocols: { "my secret": ["other secret", 5] },
    });
    expect(rejection).toMatchObject({ ok: false, code: "malformed", reason: expect.stringContaining("protocols") });
    expect(JSON.stringify(rejection)).not.toContain("secret");
  });
});

describe("messages by type", () => {
  const table = { a: v.object({ t: v.literal("a"), x: count }) };
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
