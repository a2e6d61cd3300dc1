import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchingLines, wordRanges, wordsOf } from "./search.js";

describe("matchingLines", () => {
  const text = "The data channel\nchannel of DATA\nonly data\n\n  indented Channel data";

  it("gives the lines that hold all the words, in any case and order", () => {
    expect(matchingLines(text, wordsOf("Data  channel"), 10)).toEqual([
      { line: 1, text: "The data channel" },
      { line: 2, text: "channel of DATA" },
      { line: 5, text: "indented Channel data" },
    ]);
  });

  it("gives no more than were asked for, and nothing for no words", () => {
    expect(matchingLines(text, ["data"], 2)).toHaveLength(2);
    expect(matchingLines(text, wordsOf("   "), 10)).toEqual([]);
  });

  it("cuts a long line around its first word, to what the protocol takes, and never in the middle of a character", () => {
    const long = `${"😀".repeat(500)}needle${"😀".repeat(500)}`;
    const [match] = matchingLines(long, ["needle"], 1);
    expect(match?.text).toContain("needle");
    expect(match?.text.length).toBeLessThanOrEqual(400);
    expect(match?.text).not.toMatch(/\p{Surrogate}/u);
  });

  it("takes any text and any words", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (anyText, query) => {
        for (const { line, text: found } of matchingLines(anyText, wordsOf(query), 5)) {
          expect(line).toBeGreaterThan(0);
          expect(found.length).toBeLessThanOrEqual(400);
        }
      }),
    );
  });
});

describe("wordRanges", () => {
  it("joins ranges that touch or overlap", () => {
    expect(wordRanges("database", ["data", "tab", "se"])).toEqual([
      { from: 0, to: 5 },
      { from: 6, to: 8 },
    ]);
  });

  it("gives none where upper and lower case differ in length", () => {
    expect(wordRanges("İİ data", ["data"])).toEqual([]);
  });
});
