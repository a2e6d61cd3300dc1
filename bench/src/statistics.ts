import type { Statistic } from "./bench.ts";

/**
 * The quantile of some figures, interpolated between the two that lie nearest (Hyndman and Fan's type 7, which
 * spreadsheets use).
 * @throws {RangeError} where there are no figures: a median of nothing is a fault in the bench.
 */
export function quantile(figures: readonly number[], at: number): number {
  const sorted = Float64Array.from(figures).sort();
  const position = (sorted.length - 1) * at;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("There are no figures to summarise.");
  return below + (above - below) * (position - Math.floor(position));
}

/** What a statistic makes of some figures. */
export function summarise(statistic: Statistic, figures: readonly number[]): number {
  if (figures.some((figure) => !Number.isFinite(figure))) throw new RangeError("A sample gave what is no number.");
  switch (statistic.kind) {
    case "quantile":
      return quantile(figures, statistic.at);
    case "share-above": {
      if (figures.length === 0) throw new RangeError("There are no figures to summarise.");
      return (100 * figures.filter((figure) => figure > statistic.limit).length) / figures.length;
    }
  }
}
