import fc from "fast-check";
import { expect, test } from "vitest";
import { compact, expand } from "./compact.js";

test("bytes are the same when they come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9_000 }), (bytes) => {
      const text = compact(bytes);
      expect(text).toHaveLength(bytes.length);
      expect(Buffer.from(expand(text)).equals(Buffer.from(bytes))).toBe(true);
    }),
  );
});
