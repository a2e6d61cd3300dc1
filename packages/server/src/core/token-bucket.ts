/** How much of something is allowed: so many a second in the long run, so many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket that fills at a steady rate and holds one burst. It starts full. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /**
   * Takes `count` tokens and gives 0; where there aren't as many, takes none and gives the milliseconds until there are.
   * What is larger than a whole burst costs one: else it would never pass.
   */
  take(count: number, nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    // A clock that stood still, or went back, fills nothing.
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = Math.max(this.#atMs, nowMs);
    const tokens = Math.min(burst, this.#tokens + (elapsedMs * perSecond) / 1000);
    const cost = Math.min(count, burst);
    const passes = tokens >= cost;
    this.#tokens = passes ? tokens - cost : tokens;
    return passes ? 0 : Math.max(1, Math.ceil(((cost - tokens) * 1000) / perSecond));
  }
}
