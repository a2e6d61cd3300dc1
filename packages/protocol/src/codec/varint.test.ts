import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SkeinError } from "../errors.js";
import { ByteReader, varintBytes, writeVarint } from "./varint.js";

const written = (value: number) => {
  const bytes: number[] = [];
  writeVarint(bytes, value);
  return Uint8Array.from(bytes);
};
const read = (...bytes: number[]) => {
  const reader = new ByteReader(Uint8Array.from(bytes));
  const value = reader.varint();
  return reader.failed ? "failed" : value;
};
const edges = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 2 ** 31, 2 ** 32, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER];

describe("varints", () => {
  it("read back what was written, in as many bytes as foretold", () => {
    const value = fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat(), fc.nat());
    fc.assert(
      fc.property(value, (number) => {
        const bytes = written(number);
        expect(bytes).toHaveLength(varintBytes(number));
        const reader = new ByteReader(bytes);
        expect(reader.varint()).toBe(number);
        expect(reader.failed).toBe(false);
        expect(reader.atEnd).toBe(true);
      }),
    );
  });

  it("have one form for each number", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (bytes) => {
        const reader = new ByteReader(bytes);
        const value = reader.varint();
        if (!reader.failed) expect(written(value)).toEqual(Uint8Array.from(bytes.subarray(0, reader.position)));
      }),
      { numRuns: 1000 },
    );
    expect(read(0x80, 0x00)).toBe("failed");
    expect(read(0xff, 0x80, 0x00)).toBe("failed");
    expect(read(0x00)).toBe(0);
  });

  it("end at 2^53 - 1", () => {
    expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(Number.MAX_SAFE_INTEGER);
    expect(read(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10)).toBe("failed");
    expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)).toBe("failed");
    expect(read(...new Array(100).fill(0xff))).toBe("failed");
  });

  it("fail where they end early", () => {
    for (const edge of edges) {
      const bytes = written(edge);
      for (let length = 0; length < bytes.length; length++) expect(read(...bytes.subarray(0, length))).toBe("failed");
    }
  });

  it("refuse to write what none of them is", () => {
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => written(value)).toThrow(SkeinError);
    }
  });
});

describe("ByteReader", () => {
  it("stays failed, and stays within its bytes", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2));
    expect(reader.bytes(3)).toHaveLength(0);
    expect(reader.failed).toBe(true);
    expect(reader.byte()).toBe(1);
    expect(reader.rest()).toEqual(Uint8Array.of(2));
    expect(reader.byte()).toBe(0);
    expect(reader.failed).toBe(true);
  });
});
