/** How much of something is allowed: so many a second in the long run, so many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Tokens come in fractions: what is lost in adding them up must make nobody wait. */
const rounding = 1e-6;

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
    // Where the rate is infinite, no time at all must not make it a NaN.
    const filled = elapsedMs === 0 ? 0 : (elapsedMs * perSecond) / 1000;
    const tokens = Math.min(burst, this.#tokens + filled);
    const cost = Math.min(count, burst);
    const passes = tokens >= cost - rounding;
    this.#tokens = passes ? Math.max(0, tokens - cost) : tokens;
    return passes ? 0 : Math.max(1, Math.ceil(((cost - tokens) * 1000) / perSecond));
  }
}
