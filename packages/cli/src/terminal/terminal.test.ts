import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clean, createInk } from "./ink.js";
import { frame } from "./screen.js";
import { tableLines } from "./table.js";
import { bytesText, countText, durationText, millisecondsText } from "./units.js";
import { cut, widthOf } from "./width.js";

describe("createInk", () => {
  it("colours on a terminal alone, and where nobody objects", () => {
    expect(createInk({ isTTY: true }, {})("red", "x")).toBe("\x1b[31mx\x1b[39m");
    expect(createInk({ isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
    expect(createInk({ isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
    expect(createInk({}, {})("red", "x")).toBe("x");
  });
});

describe("clean", () => {
  it("takes the power from texts of others", () => {
    expect(clean("\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 \u202eturned\nline\ttab")).toBe(
      "red bell· ·turned·line  tab",
    );
  });
});

describe("tableLines", () => {
  it("aligns columns, coloured or not", () => {
    const red = createInk({ isTTY: true }, {});
    expect(
      tableLines(
        [
          ["a", "1"],
          [red("red", "bcd"), "22"],
        ],
        [1],
      ),
    ).toEqual(["a     1", `${red("red", "bcd")}  22`]);
  });

  it("aligns wide scripts", () => {
    expect(
      tableLines([
        ["日本", "1"],
        ["a", "2"],
      ]),
    ).toEqual(["日本  1", "a     2"]);
  });
});

describe("frame", () => {
  it("clears each row before it is written, those without a line as well, and draws no more than there are", () => {
    expect(frame(["one", "two", "three"], 2)).toBe("\x1b[?7l\x1b[H\x1b[2Kone\r\n\x1b[2Ktwo\x1b[?7h");
    expect(frame(["one"], 2)).toBe("\x1b[?7l\x1b[H\x1b[2Kone\r\n\x1b[2K\x1b[?7h");
  });
});

describe("cut", () => {
  it("never takes more columns than there are, in any script, and leaves what fits alone", () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom("a", "日", "é", "👩‍👩‍👧", "한"), { maxLength: 20 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (any, columns) => {
        const cleaned = clean(any);
        expect(widthOf(cut(cleaned, columns))).toBeLessThanOrEqual(columns);
        if (widthOf(cleaned) <= columns) expect(cut(cleaned, columns)).toBe(cleaned);
      }),
    );
    expect(cut("cleo日本語", 7)).toBe("cleo日…");
  });
});

describe("units", () => {
  it("are short", () => {
    expect([0, 999, 1000, 1234567, 99_600_000, 5e12].map(bytesText)).toEqual([
      "0 B",
      "999 B",
      "1.0 KB",
      "1.2 MB",
      "100 MB",
      "5.0 TB",
    ]);
    expect([0.21, 9.96, 12.3, 1234].map(millisecondsText)).toEqual(["0.2 ms", "10 ms", "12 ms", "1.2 s"]);
    expect([0, 59_001, 65_000, 7_380_000].map(durationText)).toEqual(["0 s", "1:00 min", "1:05 min", "2:03 h"]);
    expect([countText(1, "file"), countText(1234, "file")]).toEqual(["1 file", "1,234 files"]);
  });
});
