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
    const waitMs = this.waitMs(count, nowMs);
    if (waitMs === 0) this.spend(count);
    return waitMs;
  }

  /** How long until {@link take} would give 0. */
  waitMs(count: number, nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    this.#fill(nowMs);
    const missing = Math.min(count, burst) - this.#tokens;
    return missing <= rounding ? 0 : Math.max(1, Math.ceil((missing * 1000) / perSecond));
  }

  /** Takes what {@link waitMs} has said is there. */
  spend(count: number): void {
    this.#tokens = Math.max(0, this.#tokens - Math.min(count, this.#rate.burst));
  }

  /** A bucket like a new one needn't be kept. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens >= this.#rate.burst - rounding;
  }

  #fill(nowMs: number): void {
    // A clock that stood still, or went back, fills nothing; and where the rate is infinite, no time must not make it a NaN.
    if (nowMs <= this.#atMs) return;
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
  }
}
