/** How fast a count grows: over the last seconds, and at its best. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #samples: { readonly atMs: number; readonly total: number }[] = [];
  #peak = 0;

  constructor(windowMs = 2_000) {
    this.#windowMs = windowMs;
  }

  /** The count as it is now. */
  add(total: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs > last.atMs) {
      this.#peak = Math.max(this.#peak, perSecond(total - last.total, nowMs - last.atMs));
    }
    this.#samples.push({ atMs: nowMs, total });
    while (this.#samples.length > 1 && nowMs - (this.#samples[0]?.atMs ?? 0) > this.#windowMs) this.#samples.shift();
  }

  /** Per second, over the window. */
  get rate(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return perSecond(last.total - first.total, last.atMs - first.atMs);
  }

  /** Per second, between the two samples where it was fastest. */
  get peak(): number {
    return this.#peak;
  }
}

function perSecond(count: number, ms: number): number {
  return Math.round((Math.max(0, count) * 1000) / ms);
}
