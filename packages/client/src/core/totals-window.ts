/** Counts that only grow, by name. */
export type Totals<Name extends string> = Readonly<Record<Name, number>>;

interface Sample<Name extends string> {
  readonly atMs: number;
  readonly totals: Totals<Name>;
}

const windowMs = 10_000;

/**
 * How fast totals grew in the last 10 s, from samples of them. Before the first sample they were 0.
 *
 * Invariants:
 * 1. A rate is measured from the newest sample that is at least 10 s old: late timers (a hidden tab's) make the window longer,
 *    and no rate higher.
 * 2. Of samples older than that one, none is kept.
 */
export class TotalsWindow<Name extends string> {
  readonly #samples: Sample<Name>[] = [];

  sample(totals: Totals<Name>, nowMs: number): void {
    this.#samples.push({ atMs: nowMs, totals });
    this.#first(nowMs);
  }

  /** Of each total what was added a second: in the mean over the window. */
  perSecond(totals: Totals<Name>, nowMs: number): Totals<Name> {
    const first = this.#first(nowMs);
    const seconds = (nowMs - (first?.atMs ?? nowMs - windowMs)) / 1_000;
    const rates: Record<Name, number> = { ...totals };
    for (const name of Object.keys(totals) as Name[])
      rates[name] = (totals[name] - (first?.totals[name] ?? 0)) / seconds;
    return rates;
  }

  /** Where the window begins. Forgets what lies before. */
  #first(nowMs: number): Sample<Name> | undefined {
    const isOld = (index: number) => (this.#samples[index]?.atMs ?? nowMs) <= nowMs - windowMs;
    while (isOld(1)) this.#samples.shift();
    return isOld(0) ? this.#samples[0] : undefined;
  }
}
