import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decoderTargets } from "./decoder-targets.js";
import { toHex } from "./hex.js";
import { hostileBytes } from "./hostile-bytes.test-support.js";
import { mutatedBytesMost } from "./mutation.js";
import { Vectors } from "./vectors.js";

const require = createRequire(import.meta.url);
const vectors = new Vectors((file) => readFileSync(require.resolve(`@skein/protocol/vectors/${file}`), "utf8"));
const targets = decoderTargets(vectors);

describe("a decoder that reads hostile bytes", () => {
  it.each(targets)("$name throws nothing, and reads twice what it read once", (target) => {
    fc.assert(
      fc.property(hostileBytes(target), (bytes) => {
        expect(target.check(bytes), toHex(bytes.subarray(0, 200))).toBeUndefined();
      }),
      { numRuns: 1_500 },
    );
  });

  it.each(targets)("$name has its examples, and they are well", ({ examples, check }) => {
    expect(examples.length).toBeGreaterThan(2);
    expect(examples.map(check).filter((complaint) => complaint !== undefined)).toEqual([]);
  });

  it("gets nothing from a mutation that is larger than the bound", () => {
    const [target] = targets;
    if (target === undefined) throw new Error("there is no target");
    fc.assert(
      fc.property(hostileBytes(target), (bytes) => {
        expect(bytes.length).toBeLessThanOrEqual(mutatedBytesMost);
      }),
      { numRuns: 300 },
    );
  });
});
