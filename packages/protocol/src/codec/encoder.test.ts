import fc from "fast-check";
import { type Options, Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { limits } from "../limits.js";
import { bufferMostBytes, Encoder } from "./encoder.js";
import { decode, encode } from "./message-pack.js";
import { plainValue } from "./message-pack.test-support.js";

/** msgpackr, told to write what we write. */
const options = {
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  skipValues: [undefined],
  useToJSON: false,
};
const packr = new Packr(options as Options);
const byLibrary = (value: unknown) => Uint8Array.from(packr.pack(value));

/** Numbers on both sides of each border between two heads. */
const borders = [0, 5, 7, 8, 15, 16, 31, 32, 53, 63].flatMap((bits) => [-2, -1, 0, 1].map((more) => 2 ** bits + more));
const sizes = [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 2730, 8100, 8191, 8192, 65_535, 65_536, 70_000];

describe("an encoder", () => {
  it("writes what msgpackr writes, byte by byte, one value after the other", () => {
    const encoder = new Encoder();
    fc.assert(
      fc.property(plainValue, (value) => {
        expect(encoder.encode(value)).toEqual(byLibrary(value));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes the shortest head on both sides of each border", () => {
    const encoder = new Encoder();
    for (const number of borders.flatMap((border) => [border, -border, border / 3])) {
      expect(encoder.encode([number])).toEqual(byLibrary([number]));
    }
    for (const size of sizes) {
      const keys = Array.from({ length: size }, (_, i) => [`${i}`, i]);
      const values = ["a".repeat(size), "é".repeat(size), "語".repeat(size), "😀".repeat(size), new Uint8Array(size)];
      for (const value of [...values, new Array(size).fill(7), Object.fromEntries(keys)]) {
        // Compared as bytes: `toEqual` takes its time with so many.
        expect(Buffer.compare(encoder.encode({ value }), byLibrary({ value }))).toBe(0);
      }
    }
  });

  it("counts the values of each document by itself", () => {
    const encoder = new Encoder();
    const many = new Array(limits.items - 1).fill(0);
    expect(Buffer.compare(encoder.encode(many), encoder.encode(many))).toBe(0);
  });

  it("keeps what it gave, while the buffer is shared and when it is full", () => {
    const encoder = new Encoder();
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 200, maxLength: 400 }), (texts) => {
        const written = texts.map((each) => encoder.encode(each));
        expect(written.map((bytes) => decode(bytes))).toEqual(texts.map((value) => ({ ok: true, value })));
      }),
      { numRuns: 20 },
    );
  });
});

describe("encode", () => {
  it("may be called by a getter in the middle of a value", () => {
    encode("there is an encoder to be taken");
    const inner: Uint8Array[] = [];
    const value = {
      before: "a",
      get within() {
        inner.push(encode({ inner: "b" }));
        return "c";
      },
      list: [{ after: 1 }],
    };
    expect(decode(encode(value))).toEqual({ ok: true, value: { before: "a", within: "c", list: [{ after: 1 }] } });
    expect(inner.map((bytes) => decode(bytes))).toEqual([{ ok: true, value: { inner: "b" } }]);
  });

  it("lets a getter's error through, and goes on", () => {
    const bad = {
      get broken() {
        throw new RangeError("no");
      },
    };
    expect(() => encode(["a", bad])).toThrow(RangeError);
    expect(decode(encode("still works"))).toEqual({ ok: true, value: "still works" });
  });

  it("keeps no large buffer for the small values behind a large one", () => {
    encode("a".repeat(1_000_000));
    expect(encode("small").buffer.byteLength).toBeLessThanOrEqual(bufferMostBytes);
  });
});
