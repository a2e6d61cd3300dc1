import { describe, expect, it } from "vitest";
import { median, p90, shareAbove } from "./bench.ts";
import { quantile, summarise } from "./statistics.ts";

describe("quantile", () => {
  it("is the middle of an odd count, whatever the order", () => {
    expect(quantile([9, 1, 5], 0.5)).toBe(5);
  });

  it("lies between the two in the middle of an even count", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  });

  it("is interpolated between the two nearest", () => {
    expect(quantile([0, 10, 20, 30, 40], 0.9)).toBeCloseTo(36);
  });

  it("is the least and the most at its ends", () => {
    expect([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1)]).toEqual([1, 3]);
  });

  it("sorts numbers as numbers", () => {
    expect(quantile([10, 9, 100], 0.5)).toBe(10);
  });

  it("leaves what it was given as it was", () => {
    const figures = [3, 1, 2];
    quantile(figures, 0.5);
    expect(figures).toEqual([3, 1, 2]);
  });

  it("refuses to say anything about nothing", () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe("summarise", () => {
  it("takes medians, quantiles and shares in percent", () => {
    const figures = [1, 2, 3, 4, 1000];
    expect(summarise(median, figures)).toBe(3);
    expect(summarise(p90, figures)).toBeCloseTo(601.6);
    expect(summarise(shareAbove(900), figures)).toBe(20);
  });

  it("counts what is above a limit, not what is at it", () => {
    expect(summarise(shareAbove(3), [1, 2, 3, 4])).toBe(25);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY]])("refuses %s, which no sample may give", (figure) => {
    expect(() => summarise(median, [1, figure])).toThrow(RangeError);
  });

  it("refuses a share of nothing", () => {
    expect(() => summarise(shareAbove(1), [])).toThrow(RangeError);
  });
});
