import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clip, concatBytes, equalBytes, fromBase64Url, fromUtf8, toBase64Url, utf8 } from "./bytes.js";

const anyBytes = fc.uint8Array({ maxLength: 100 });

describe("UTF-8", () => {
  it("reads back what it writes, also a leading byte order mark", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
      }),
    );
    expect(fromUtf8(utf8("\ufeffname"))).toBe("\ufeffname");
  });

  it("gives undefined for bytes that are no UTF-8", () => {
    expect(fromUtf8(Uint8Array.of(0xc0, 0x80))).toBeUndefined();
    expect(fromUtf8(Uint8Array.of(0x61, 0xff))).toBeUndefined();
    expect(fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toBeUndefined();
  });

  it("clips without leaving half of a surrogate pair", () => {
    expect(clip("ab😀", 3)).toBe("ab\ufffd");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(20), (text, most) => {
        const clipped = clip(text, most);
        expect(clipped.length).toBeLessThanOrEqual(most);
        expect(clipped.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe("base64url", () => {
  it("round-trips, and agrees with the platform's", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it("has one text for each byte string: whatever it reads, it writes the same", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const bytes = fromBase64Url(text);
        if (bytes !== undefined) expect(toBase64Url(bytes)).toBe(text);
      }),
    );
    for (const text of ["AB", "A", "AA==", "A+", "A/", "AA\n", " AA"]) expect(fromBase64Url(text)).toBeUndefined();
  });
});

describe("byte strings", () => {
  it("concatenates", () => {
    fc.assert(
      fc.property(fc.array(anyBytes), (parts) => {
        expect(Buffer.from(concatBytes(...parts)).equals(Buffer.concat(parts))).toBe(true);
      }),
    );
  });

  it("compares by content and length", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true);
      }),
    );
  });
});
