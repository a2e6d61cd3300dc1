/** What one sample of one side measured, by quantity: one figure, or as many as the sample holds events. */
export type Sample<Quantity extends string = string> = Readonly<Record<Quantity, number | readonly number[]>>;

/** One of those that are measured side by side. */
export interface Contestant<Quantity extends string = string> {
  sample(): Promise<Sample<Quantity>>;
}

/** What a bench has started, ready to be sampled. Disposing of it ends all of it. */
export interface Arena<Quantity extends string = string> extends AsyncDisposable {
  readonly ours: Contestant<Quantity>;
  /** By the peer's name, in the order of the table. Empty where there is nothing to compare with. */
  readonly peers: Readonly<Record<string, Contestant<Quantity>>>;
}

/** What becomes of a quantity's figures, those of all rounds together. */
export type Statistic =
  | { readonly kind: "quantile"; readonly at: number }
  | { readonly kind: "share-above"; readonly limit: number };

export const median: Statistic = { kind: "quantile", at: 0.5 };
export const p90: Statistic = { kind: "quantile", at: 0.9 };
export const p99: Statistic = { kind: "quantile", at: 0.99 };

/** The share of figures above a limit, in percent. */
export function shareAbove(limit: number): Statistic {
  return { kind: "share-above", limit };
}

/** What is to be reached. The row's `better` says on which side of the limit that is. */
export interface Mark {
  /** Our figure divided by the peer's, our figure minus the peer's, or our figure alone. */
  readonly of: "ratio" | "difference" | "ours";
  readonly limit: number;
  /** The peer whose row it belongs to. Unless given: every peer's. */
  readonly beside?: string;
}

/** A row of the table; one for each peer. */
export interface RowDefinition<Quantity extends string = string> {
  readonly name: string;
  /** What it is, in a sentence. */
  readonly about: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  readonly quantity: Quantity;
  readonly statistic: Statistic;
  readonly marks?: readonly Mark[];
}

/** How much is run: all of it, or enough to see that it works. */
export type Scale = "full" | "quick";

/** Rounds in which every contestant gives one sample. 0 leaves the bench out. */
export type Rounds = Readonly<Record<Scale, number>>;

export interface Bench<Quantity extends string = string> {
  readonly name: string;
  readonly rounds: Rounds;
  /** Samples that each contestant gives beforehand, and that are thrown away. */
  readonly warmUps: number;
  /** The longest that one sample, or the start, can take before the bench has failed. */
  readonly timeoutMs: number;
  readonly rows: readonly RowDefinition<Quantity>[];
  start(scale: Scale): Promise<Arena<Quantity>>;
}
