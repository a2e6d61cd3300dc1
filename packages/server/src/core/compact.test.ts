import fc from "fast-check";
import { expect, test } from "vitest";
import { compact, expand, writeCompact } from "./compact.js";

test("bytes are the same when they come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9_000 }), (bytes) => {
      const text = compact(bytes);
      expect(text).toHaveLength(bytes.length);
      expect(Buffer.from(expand(text)).equals(Buffer.from(bytes))).toBe(true);
    }),
  );
});

test("they are written where they belong, and nowhere else", () => {
  const target = new Uint8Array(5).fill(9);
  writeCompact(compact(Uint8Array.of(255, 0, 128)), target, 1);
  expect([...target]).toEqual([9, 255, 0, 128, 9]);
});
