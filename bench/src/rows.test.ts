import { describe, expect, it } from "vitest";
import { type Mark, median, p90, type RowDefinition, shareAbove } from "./bench.ts";
import { makeRows } from "./rows.ts";

const time: RowDefinition = {
  name: "open",
  about: "How long it takes.",
  unit: "ms",
  better: "lower",
  quantity: "ms",
  statistic: median,
};
const rate: RowDefinition = { ...time, name: "rate", unit: "forwards/s", better: "higher" };
const ms = (...figures: number[]) => figures.map((figure) => ({ ms: figure }));

/** The one row of a bench whose figures are these. */
function rowOf(definition: RowDefinition, ours: number, peer?: number) {
  const peers = peer === undefined ? {} : { raw: ms(peer) };
  const [row] = makeRows({ rows: [definition] }, { ours: ms(ours), peers });
  return row;
}

describe("rows", () => {
  it("hold the medians of both sides, and their ratio", () => {
    const rows = makeRows({ rows: [time] }, { ours: ms(30, 10, 20), peers: { raw: ms(8, 10, 300) } });
    expect(rows).toEqual([
      { name: "open", unit: "ms", ours: 20, peer: 10, peerName: "raw", ratio: 2, mark: null, ok: true },
    ]);
  });

  it("have no peer where there is none", () => {
    expect(rowOf(time, 20)).toMatchObject({ peer: null, peerName: null, ratio: null, mark: null, ok: true });
  });

  it("come once for each peer, in their order", () => {
    const rows = makeRows({ rows: [rate] }, { ours: ms(100), peers: { raw: ms(50), other: ms(20) } });
    expect(rows.map(({ peerName, ratio }) => [peerName, ratio])).toEqual([
      ["raw", 2],
      ["other", 5],
    ]);
  });

  it("come of the same samples with different statistics", () => {
    const rows = makeRows(
      {
        rows: [
          { ...time, statistic: p90 },
          { ...time, unit: "%", statistic: shareAbove(15) },
        ],
      },
      { ours: ms(10, 20), peers: { raw: ms(10, 10) } },
    );
    expect(rows.map(({ ours, peer }) => [ours, peer])).toEqual([
      [19, 10],
      [50, 0],
    ]);
  });

  it("pool the figures of samples that hold several", () => {
    const rows = makeRows({ rows: [time] }, { ours: [{ ms: [1, 2] }, { ms: [3, 4, 5] }], peers: {} });
    expect(rows[0]?.ours).toBe(3);
  });

  it("have no ratio to a peer whose figure is 0", () => {
    expect(rowOf(time, 5, 0)).toMatchObject({ peer: 0, ratio: null, ok: true });
  });

  it("refuse a quantity that no sample has", () => {
    expect(() => makeRows({ rows: [{ ...time, quantity: "unknown" }] }, { ours: ms(1), peers: {} })).toThrow(
      RangeError,
    );
  });

  it("round to what can be true", () => {
    expect(rowOf(rate, 123_456.789, 3.333_333_3)).toMatchObject({ ours: 123_457, peer: 3.333 });
  });
});

describe("marks", () => {
  const cases: readonly (readonly [RowDefinition, Mark, number, number, string, boolean])[] = [
    [time, { of: "ratio", limit: 1.25 }, 12.5, 10, "≤ 1.25 × raw", true],
    [time, { of: "ratio", limit: 1.25 }, 12.6, 10, "≤ 1.25 × raw", false],
    [rate, { of: "ratio", limit: 2 }, 20, 10, "≥ 2 × raw", true],
    [rate, { of: "ratio", limit: 2 }, 19.9, 10, "≥ 2 × raw", false],
    [rate, { of: "ratio", limit: 1 }, 11, 10, "≥ raw", true],
    [time, { of: "difference", limit: 5 }, 15, 10, "≤ raw + 5 ms", true],
    [time, { of: "difference", limit: 5 }, 15.1, 10, "≤ raw + 5 ms", false],
    [rate, { of: "difference", limit: -5 }, 5, 10, "≥ raw − 5 forwards/s", true],
    [time, { of: "ours", limit: 36 }, 36, 99, "≤ 36 ms", true],
    [time, { of: "ours", limit: 36 }, 37, 99, "≤ 36 ms", false],
    [rate, { of: "ours", limit: 36 }, 35, 9, "≥ 36 forwards/s", false],
  ];

  it.each(cases)("%#: %o with %o", (definition, mark, ours, peer, text, ok) => {
    expect(rowOf({ ...definition, marks: [mark] }, ours, peer)).toMatchObject({ mark: text, ok });
  });

  it("are held against what was measured, not against what is shown", () => {
    const row = rowOf({ ...time, marks: [{ of: "ours", limit: 10 }] }, 10.000_4);
    expect(row).toMatchObject({ ours: 10, ok: false });
  });

  it("that compare aren't reached where there is no peer", () => {
    expect(rowOf({ ...time, marks: [{ of: "ratio", limit: 1 }] }, 1)?.ok).toBe(false);
  });

  it("of a ratio hold also where the peer's figure is 0", () => {
    expect(rowOf({ ...time, marks: [{ of: "ratio", limit: 1 }] }, 1, 0)?.ok).toBe(false);
    expect(rowOf({ ...time, marks: [{ of: "ratio", limit: 1 }] }, 0, 0)?.ok).toBe(true);
  });

  it("can belong to one peer", () => {
    const marks: Mark[] = [
      { of: "ratio", limit: 2, beside: "raw" },
      { of: "ratio", limit: 3, beside: "other" },
    ];
    const rows = makeRows(
      { rows: [{ ...rate, marks }] },
      { ours: ms(25), peers: { raw: ms(10), other: ms(10), third: ms(10) } },
    );
    expect(rows.map(({ mark, ok }) => [mark, ok])).toEqual([
      ["≥ 2 × raw", true],
      ["≥ 3 × other", false],
      [null, true],
    ]);
  });
});
