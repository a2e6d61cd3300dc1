import { inspect } from "node:util";
import fc from "fast-check";
import { type Options, Unpackr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { decode, encode } from "./message-pack.js";
import { plainValue } from "./message-pack.test-support.js";

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "auto" } as object as Options);

const unlike = /[\ufffd\ufeff]/;

describe("a decoder", () => {
  it("reads what msgpackr reads, also where bytes were changed, but for what it turns away", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
    fc.assert(
      fc.property(plainValue, flips, (value, changes) => {
        const bytes = Uint8Array.from(encode(value));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const decoded = decode(bytes);
        // What isn't UTF-8 reads as one character or another; what begins with a mark loses it in msgpackr.
        if (decoded.ok && !unlike.test(inspect(decoded.value, { depth: null })))
          expect(decoded.value).toEqual(unpackr.unpack(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it("gives no small byte string that keeps what it came in: a stranger's frame isn't held by a few bytes of it", () => {
    const frame = new Uint8Array(64 * 1024);
    const bytesAt = (length: number) => {
      const document = encode({ small: new Uint8Array(length) });
      frame.set(document);
      const decoded = decode(frame.subarray(0, document.length));
      return decoded.ok ? (decoded.value as { small: Uint8Array }).small.buffer.byteLength : undefined;
    };
    expect([1, 100, 4_000].map(bytesAt)).toEqual([1, 100, 4_000]);
    expect(bytesAt(5_000)).toBe(frame.length);
  });

  it("turns each extension away, whatever follows it", () => {
    for (const head of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
      for (const filler of [0x00, 0xa0]) {
        const followed = Array.from({ length: 300 }, (_, i) => Uint8Array.of(head, ...new Array(i).fill(filler)));
        expect(followed.filter((bytes) => decode(bytes).ok)).toEqual([]);
      }
    }
  });

  it("reads each form of a number, from the bytes that other libraries write", () => {
    const forms: [hex: string, value: unknown][] = [
      ["cc05", 5],
      ["cdfffe", 65_534],
      ["cefffffffe", 4_294_967_294],
      ["cf001fffffffffffff", 2 ** 53 - 1],
      ["cf0020000000000001", 2n ** 53n + 1n],
      ["cfffffffffffffffff", 2n ** 64n - 1n],
      ["d0ff", -1],
      ["d1fffe", -2],
      ["d2fffffffd", -3],
      ["d3fffffffffffffffc", -4],
      ["d38000000000000000", -(2n ** 63n)],
      ["ca3fc00000", 1.5],
      ["cb8000000000000000", -0],
      ["e0", -32],
    ];
    for (const [hex, value] of forms) {
      const decoded = decode(Uint8Array.from(Buffer.from(hex, "hex")));
      expect(decoded).toStrictEqual({ ok: true, value });
    }
  });
});
