import { expect, test } from "vitest";
import { Bars } from "./bars.js";
import { drainAfterMs } from "./drain.js";

test("a bar holds for its time", () => {
  const bars = new Bars(10);
  bars.add("a", 100);
  expect([bars.leftMs("a", 0), bars.leftMs("a", 99), bars.leftMs("a", 100), bars.leftMs("b", 0)]).toEqual([
    100, 1, 0, 0,
  ]);
});

test("bars are bounded: the first one makes room", () => {
  const bars = new Bars(2);
  for (const key of ["a", "b", "c"]) bars.add(key, 100);
  expect(["a", "b", "c"].map((key) => bars.leftMs(key, 0))).toEqual([0, 100, 100]);
});

test("a drain spreads its clients evenly, the first at once, the last within the time", () => {
  expect([0, 1, 2, 3].map((index) => drainAfterMs(index, 4, 1_000))).toEqual([0, 250, 500, 750]);
  expect(drainAfterMs(0, 1, 1_000)).toBe(0);
});
