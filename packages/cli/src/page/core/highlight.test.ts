import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highlight } from "./highlight.js";

describe("highlight", () => {
  it("marks the words in any case", () => {
    expect(highlight("An Offer, an offer", ["offer"])).toEqual([
      { text: "An ", marked: false },
      { text: "Offer", marked: true },
      { text: ", an ", marked: false },
      { text: "offer", marked: true },
    ]);
  });

  it("takes words as they are, not as patterns", () => {
    expect(highlight("a.b (c", [".b", "(c"]).filter(({ marked }) => marked)).toHaveLength(2);
  });

  it("loses and adds nothing", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string({ minLength: 1 })), (line, words) => {
        expect(
          highlight(line, words)
            .map(({ text }) => text)
            .join(""),
        ).toBe(line);
      }),
    );
  });
});
