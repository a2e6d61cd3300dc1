import { decode, encode } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromJson, toJson } from "./plain-json.js";

const key = fc
  .oneof(fc.string(), fc.constantFrom("$bytes", "$bigint", "$number", "$map"))
  .filter((word) => word !== "__proto__");
const { plain } = fc.letrec((tie) => ({
  plain: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    // JSON knows no negative zero.
    fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }),
    fc.uint8Array(),
    fc.array(tie("plain")),
    fc.dictionary(key, tie("plain"), { noNullPrototype: true }),
  ),
}));

function throughJson(value: unknown): unknown {
  const read = fromJson(JSON.parse(JSON.stringify(toJson(value))));
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

describe("plain data as JSON", () => {
  it("comes back as it was, whatever it holds", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(throughJson(value)).toEqual(value);
      }),
    );
  });

  it("writes bytes as base64", () => {
    expect(toJson({ data: new Uint8Array([0, 1, 2]) })).toEqual({ data: { $bytes: "AAEC" } });
  });

  it("wraps a map that looks like bytes, so that a peer can't pass one off as the other", () => {
    const looksLike = { $bytes: "AAEC" };
    expect(toJson(looksLike)).toEqual({ $map: { $bytes: "AAEC" } });
    expect(throughJson(looksLike)).toEqual(looksLike);
  });

  it("makes values that can be sent", () => {
    const read = fromJson({ a: [{ $bytes: "AQ==" }, { $bigint: "9007199254740993" }] });
    expect(read).toEqual({ ok: true, value: { a: [new Uint8Array([1]), 9007199254740993n] } });
    if (read.ok) expect(decode(encode(read.value))).toMatchObject({ ok: true });
  });

  it.each([{ $bytes: 5 }, { $bytes: "a" }, { $bytes: "????" }, { $bigint: "1e3" }, { $number: "12" }, { $map: [] }])(
    "refuses %j",
    (json) => expect(fromJson({ nested: json })).toMatchObject({ ok: false }),
  );

  it("refuses what is nested too deep", () => {
    expect(fromJson(JSON.parse("[".repeat(5000) + "]".repeat(5000)))).toMatchObject({ ok: false });
  });

  it("keeps the key __proto__ a key", () => {
    const read = fromJson(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(read.ok && Object.hasOwn(read.value as object, "__proto__")).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
