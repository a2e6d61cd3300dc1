import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortest } from "./shortest.js";

describe("the shortest bytes that do the same", () => {
  it("are no more than what matters, wherever that lies", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (noise, at) => {
        const [a, b] = [201, 202];
        const place = at % (noise.length + 1);
        const bytes = Uint8Array.of(...noise.subarray(0, place), a, 7, b, ...noise.subarray(place));
        const matters = (other: Uint8Array) => other.includes(a) && other.includes(b);
        expect([...shortest(bytes, matters)].sort()).toEqual([a, b]);
      }),
    );
  });

  it("are what they were where all of them matter", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(shortest(bytes, (other) => other.join() === "1,2,3")).toEqual(bytes);
  });
});
