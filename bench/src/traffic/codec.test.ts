import { encode } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonNote, noteBytes, packedNote } from "./cargo.ts";
import { bytesCodec, jsonCodec, noteCodec } from "./codec.ts";

const numbers = fc.integer({ min: 0, max: 899_999 });

describe("messages of all contestants", () => {
  it("have 100 bytes, as MessagePack and as bytes", () => {
    fc.assert(
      fc.property(numbers, (number) => {
        expect(encode(noteCodec(packedNote).message(number))).toHaveLength(noteBytes);
        expect(bytesCodec(packedNote).message(number)).toHaveLength(noteBytes);
      }),
    );
  });

  it("have 98 bytes as JSON", () => {
    fc.assert(
      fc.property(numbers, (number) => {
        expect(jsonCodec(jsonNote).message(number)).toHaveLength(98);
      }),
    );
  });

  it.each([
    ["notes", noteCodec(packedNote)],
    ["JSON", jsonCodec(jsonNote)],
    ["bytes", bytesCodec(packedNote)],
    ["blocks", bytesCodec({ kind: "block", bytes: 16_384 })],
  ])("carry their number: %s", (_name, codec) => {
    fc.assert(
      fc.property(numbers, (number) => {
        expect(codec.numberOf(codec.message(number) as never)).toBe(number);
        expect(codec.numberOf(codec.answer(number) as never)).toBe(number);
      }),
    );
  });

  it("are refused where a part is missing", () => {
    const blocks = bytesCodec({ kind: "block", bytes: 16_384 });
    expect(() => blocks.numberOf(blocks.message(7).subarray(0, 8_000))).toThrow("8000 bytes instead of 16384");
    expect(() => noteCodec(packedNote).numberOf({ number: 100_007, text: "short" })).toThrow("5 characters");
  });

  it("don't grow by a digit in a long run", () => {
    expect(() => noteCodec(packedNote).message(900_000)).toThrow(RangeError);
  });
});
