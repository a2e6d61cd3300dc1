/** Who comes before whom: the higher score, then who started first, then the smaller id. A total order. */
export interface Rank {
  readonly score: number;
  /** By its own wall clock. Milliseconds since 1970. */
  readonly startedMs: number;
  readonly id: string;
}

export function outranks(one: Rank, other: Rank): boolean {
  if (one.score !== other.score) return one.score > other.score;
  if (one.startedMs !== other.startedMs) return one.startedMs < other.startedMs;
  return one.id < other.id;
}
