import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SkeinError } from "../errors.js";
import { limits } from "../limits.js";
import { decode, encode } from "./message-pack.js";
import { plainValue } from "./message-pack.test-support.js";

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const codeOf = (bytes: Uint8Array) => {
  const decoded = decode(bytes);
  return decoded.ok ? "accepted" : decoded.code;
};

describe("encode and decode", () => {
  it("give back the value", () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        const bytes = encode(value);
        expect(decode(Uint8Array.from(bytes))).toEqual({ ok: true, value });
      }),
      { numRuns: 500 },
    );
  });

  it("keep a byte order mark, in texts of any length, as keys and values", () => {
    for (const length of [0, 5, 31, 61, 62, 63, 64, 65, 200, 70_000]) {
      const marked = `\ufeff${"a".repeat(length)}`;
      const value = { first: marked, [marked]: [marked, `${marked}é`, "\ufeff\ufeff".repeat(40)], last: 1 };
      expect(decode(encode(value))).toEqual({ ok: true, value });
    }
  });

  it("keep texts that begin with a mark apart from those that don't", () => {
    const text = "a".repeat(100);
    expect(decode(encode(text))).toEqual({ ok: true, value: text });
    expect(decode(encode(`\ufeff${text}`))).not.toEqual({ ok: true, value: text });
  });

  it("carry whole numbers beyond 2^53 as bigint, within 64 bits", () => {
    for (const value of [2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n + 1n]) {
      expect(decode(encode(value))).toEqual({ ok: true, value });
    }
    expect(() => encode(2n ** 64n)).toThrow(SkeinError);
    expect(() => encode(-(2n ** 63n) - 1n)).toThrow(SkeinError);
  });

  it("leave undefined out of an object, and write it as null in an array", () => {
    expect(decode(encode({ a: undefined, b: [undefined] }))).toEqual({ ok: true, value: { b: [null] } });
  });

  it("write data that looks like a hook as data", () => {
    const value = { toJSON: "text", constructor: "text", hasOwnProperty: 1 };
    expect(decode(encode(value))).toEqual({ ok: true, value });
  });

  it("are the same on each platform: no Buffer goes in or out", () => {
    const bytes = encode({ b: Buffer.from([1, 2, 3]) });
    expect(bytes.constructor).toBe(Uint8Array);
    const decoded = decode(Buffer.from(bytes)) as { ok: true; value: { b: Uint8Array } };
    expect(decoded.value.b.constructor).toBe(Uint8Array);
    expect(decoded.value.b).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("give byte strings as views, not copies", () => {
    const source = Uint8Array.from(encode({ b: Uint8Array.of(1, 2, 3) }));
    const decoded = decode(source) as { ok: true; value: { b: Uint8Array } };
    expect(decoded.value.b.buffer).toBe(source.buffer);
  });
});

describe("encode", () => {
  class Point {
    x = 1;
  }
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const refused: Record<string, unknown> = {
    "a Date": new Date(0),
    "a Map": new Map([["a", 1]]),
    "a Map of non-strings": new Map([[1, 1]]),
    "a Set": new Set([1]),
    "an Error": new Error("no"),
    "a RegExp": /a/,
    "a function": () => 1,
    "a symbol": Symbol("s"),
    "a Uint16Array": new Uint16Array([1]),
    "an ArrayBuffer": new ArrayBuffer(2),
    "a DataView": new DataView(new ArrayBuffer(2)),
    "an object of a class": new Point(),
    "a boxed string": Object("text"),
    "a promise": Promise.resolve(1),
    "half of a surrogate pair": "a\ud83d",
    "the key __proto__": JSON.parse('{"__proto__": 1}'),
    "a circle": circle,
  };
  for (const [what, value] of Object.entries(refused)) {
    it(`refuses ${what}, at the top and within`, () => {
      for (const body of [value, [value], { a: { b: [value] } }]) {
        expect(() => encode(body)).toThrow(expect.objectContaining({ code: "bad-body" }));
      }
      expect(decode(encode("still works"))).toEqual({ ok: true, value: "still works" });
    });
  }

  it("takes an object of another realm, and one without prototype", () => {
    const foreign = Object.setPrototypeOf({ a: 1 }, Object.create(null)) as object;
    const bare = Object.assign(Object.create(null), { a: 1 });
    for (const value of [foreign, bare]) expect(decode(encode(value))).toEqual({ ok: true, value: { a: 1 } });
  });

  it("goes as deep as the limit and no deeper", () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? 1 : depth % 2 ? [nested(depth - 1)] : { a: nested(depth - 1) };
    expect(decode(encode(nested(limits.depth)))).toEqual({ ok: true, value: nested(limits.depth) });
    expect(() => encode(nested(limits.depth + 1))).toThrow(SkeinError);
  });

  it("writes as many values as the limit and no more", () => {
    expect(decode(encode(new Array(limits.items - 1).fill(0))).ok).toBe(true);
    expect(() => encode(new Array(limits.items).fill(0))).toThrow(SkeinError);
  });

  it("never repeats the value in its text", () => {
    expect(() => encode({ password: ["hunter2", new Date()] })).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/hunter2|password/) }),
    );
  });
});

describe("decode of strangers' bytes", () => {
  it("never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decode(bytes)).toMatchObject({ ok: expect.any(Boolean) });
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws on a document with bytes changed", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(plainValue, flips, (value, changes) => {
        const bytes = Uint8Array.from(encode(value));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        expect(decode(bytes)).toMatchObject({ ok: expect.any(Boolean) });
      }),
      { numRuns: 1000 },
    );
  });

  it("rejects every truncation, and every addition", () => {
    fc.assert(
      fc.property(plainValue, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, cut, more) => {
        const bytes = Uint8Array.from(encode(value));
        expect(codeOf(bytes.subarray(0, cut % bytes.length))).toBe("malformed");
        expect(codeOf(Uint8Array.of(...bytes, more))).toBe("malformed");
      }),
    );
  });

  it("rejects every extension type and the unused byte, wherever they stand", () => {
    for (const head of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
      const body = [head, 0x72, 0x40, 0x91, 0xa1, 0x61, ...new Array(20).fill(0)];
      expect(codeOf(Uint8Array.of(...body))).toBe("malformed");
      expect(codeOf(Uint8Array.of(0x91, ...body))).toBe("malformed");
      expect(codeOf(Uint8Array.of(0x81, 0xa1, 0x61, ...body))).toBe("malformed");
      expect(codeOf(Uint8Array.of(0x81, ...body))).toBe("malformed");
    }
  });

  it("rejects an extension also where the bytes behind it would read as values", () => {
    for (const head of ["c1", "c7", "c8", "c9", "d4", "d5", "d6", "d7", "d8"]) {
      for (const hex of [`93${head}7240`, `92${head}c0`, head]) {
        expect(decode(bytesOf(hex))).toMatchObject({ ok: false, code: "malformed" });
      }
    }
  });

  it("reads what looks like a record of msgpackr as the small number it is", () => {
    expect(decode(bytesOf("40"))).toEqual({ ok: true, value: 64 });
    expect(decode(bytesOf("927f40"))).toEqual({ ok: true, value: [127, 64] });
  });

  const lying: Record<string, string> = {
    "an array of 4 billion": "ddffffffff00",
    "a map of 4 billion": "dfffffffff00",
    "an array of 65,535": "dcffff00",
    "a string of 4 billion": "dbffffffff61",
    "a byte string of 4 billion": "c6ffffffff61",
    "many arrays that each claim all that is left": `dd00000040${"dd0000003b".repeat(13)}`,
    "a string with one byte too few": "a261",
    "a float with one byte too few": "cb00000000000000",
    "a map with a key and no value": "81a161",
  };
  for (const [what, hex] of Object.entries(lying)) {
    it(`rejects a length that lies: ${what}`, () => expect(codeOf(bytesOf(hex))).toBe("malformed"));
  }

  it("rejects a depth bomb without recursing", () => {
    expect(codeOf(new Uint8Array(100_000).fill(0x91))).toBe("over-limit");
    expect(codeOf(bytesOf(`${"91".repeat(limits.depth + 1)}00`))).toBe("over-limit");
    expect(codeOf(bytesOf(`${"91".repeat(limits.depth)}00`))).toBe("accepted");
    // The last child of each is the next: none of them is done before all are.
    expect(codeOf(bytesOf(`${"81a161".repeat(limits.depth + 1)}00`))).toBe("over-limit");
  });

  it("rejects more values than the limit", () => {
    const many = new Uint8Array(5 + limits.items);
    many.set([0xdd, 0, 0x10, 0, 0]);
    expect(codeOf(many)).toBe("over-limit");
  });

  it("rejects keys that aren't strings, and __proto__ in any writing", () => {
    for (const key of ["05", "c0", "c3", "cb0000000000000000", "c40161", "80", "90"]) {
      expect(codeOf(bytesOf(`81${key}01`))).toBe("malformed");
    }
    const proto = Buffer.from("__proto__").toString("hex");
    for (const head of ["a9", "d909", "da0009", "db00000009"]) {
      expect(codeOf(bytesOf(`81${head}${proto}80`))).toBe("malformed");
      expect(codeOf(bytesOf(`82a16101${head}${proto}80`))).toBe("malformed");
    }
    expect(codeOf(bytesOf(`a9${proto}`))).toBe("accepted");
    expect(codeOf(bytesOf(`81a161a9${proto}`))).toBe("accepted");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("reads the longer forms of lengths and numbers, as other libraries write them", () => {
    for (const hex of ["d90161", "da000161", "db0000000161"]) {
      expect(decode(bytesOf(hex))).toEqual({ ok: true, value: "a" });
    }
    expect(decode(bytesOf("df00000001d90161cf0000000000000005"))).toEqual({ ok: true, value: { a: 5 } });
    expect(decode(bytesOf("ca3f800000"))).toEqual({ ok: true, value: 1 });
  });

  it("lets no text swallow the bytes behind it, whatever its last byte promises", () => {
    for (const lead of ["c2", "e2", "e282", "f0", "f09f98", "ff"]) {
      for (const pad of ["", "61".repeat(20), "61".repeat(70)]) {
        const hex = pad + lead;
        const length = (hex.length / 2).toString(16).padStart(2, "0");
        expect(decode(bytesOf(`92d9${length}${hex}07`))).toMatchObject({ ok: true, value: [expect.any(String), 7] });
      }
    }
  });

  it("reads a key by all of its bytes", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b", "\0"), maxLength: 12 })), (keys) => {
        const value = Object.fromEntries(keys.map((word, i) => [word, i]));
        expect(decode(Uint8Array.from(encode(value)))).toEqual({ ok: true, value });
      }),
    );
  });
});
