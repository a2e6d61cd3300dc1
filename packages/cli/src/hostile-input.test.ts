import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandTargets } from "./hostile-input.test-support.js";

describe("what the command reads from strangers", () => {
  it.each(commandTargets)("$name: throws nothing, whatever is changed in it", ({ examples, check }) => {
    const changes = fc.array(fc.tuple(fc.nat(400), fc.uint8Array({ maxLength: 6 })), { maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...examples), changes, (example, all) => {
        const bytes = Uint8Array.from(example);
        for (const [at, change] of all)
          bytes.set(change.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        expect(check(bytes)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(commandTargets)("$name: has examples that are well", ({ examples, check }) => {
    expect(examples.map(check).filter((complaint) => complaint !== undefined)).toEqual([]);
  });
});
