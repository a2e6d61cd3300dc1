import type { Bench, Mark, RowDefinition, Sample } from "./bench.ts";
import { summarise } from "./statistics.ts";

/** A line of the table, and an object in the file that `--json` writes. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** Ours divided by the peer's. Null where there is no peer, or its figure is 0. */
  readonly ratio: number | null;
  /** What is to be reached, in words. */
  readonly mark: string | null;
  /** Whether it is. True where nothing was asked for. */
  readonly ok: boolean;
}

/** The samples of a bench's contestants. */
export interface Samples {
  readonly ours: readonly Sample[];
  readonly peers: Readonly<Record<string, readonly Sample[]>>;
}

/** Makes the rows of a bench from its samples: one of each kind for each peer. */
export function makeRows(bench: Pick<Bench, "rows">, samples: Samples): Row[] {
  return bench.rows.flatMap((definition) => {
    const ours = figureOf(definition, samples.ours);
    const peers = Object.entries(samples.peers);
    if (peers.length === 0) return [makeRow(definition, ours, null, null)];
    return peers.map(([peerName, peer]) => makeRow(definition, ours, figureOf(definition, peer), peerName));
  });
}

function figureOf({ quantity, statistic }: RowDefinition, samples: readonly Sample[]): number {
  const figures = samples.flatMap((sample) => sample[quantity] ?? []);
  return summarise(statistic, figures);
}

function makeRow(definition: RowDefinition, ours: number, peer: number | null, peerName: string | null): Row {
  const ratio = peer === null || peer === 0 ? null : ours / peer;
  const mark = definition.marks?.find(({ beside }) => beside === undefined || beside === peerName);
  return {
    name: definition.name,
    unit: definition.unit,
    ours: round(ours),
    peer: peer === null ? null : round(peer),
    peerName,
    ratio: ratio === null ? null : round(ratio),
    mark: mark === undefined ? null : describeMark(definition, mark, peerName),
    ok: mark === undefined || isReached(definition, mark, ours, peer),
  };
}

/** Held against the figures as they were measured, before they are rounded. */
function isReached({ better }: RowDefinition, { of, limit }: Mark, ours: number, peer: number | null): boolean {
  if (of === "ours") return better === "lower" ? ours <= limit : ours >= limit;
  if (peer === null) return false;
  // A product has no trouble with a peer whose figure is 0.
  const bound = of === "ratio" ? peer * limit : peer + limit;
  return better === "lower" ? ours <= bound : ours >= bound;
}

function describeMark({ better, unit }: RowDefinition, { of, limit }: Mark, peerName: string | null): string {
  const sign = better === "lower" ? "≤" : "≥";
  const peer = peerName ?? "peer";
  switch (of) {
    case "ours":
      return `${sign} ${limit} ${unit}`;
    case "ratio":
      return limit === 1 ? `${sign} ${peer}` : `${sign} ${limit} × ${peer}`;
    case "difference":
      return `${sign} ${peer} ${limit < 0 ? "−" : "+"} ${Math.abs(limit)} ${unit}`;
  }
}

/** Four digits: the machine's noise makes no more of them true. */
function round(figure: number): number {
  return Math.abs(figure) >= 1000 ? Math.round(figure) : Number(figure.toPrecision(4));
}
