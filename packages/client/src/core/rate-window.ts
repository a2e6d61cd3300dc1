const bucketMs = 1_000;
const buckets = 10;
const windowSeconds = (bucketMs * buckets) / 1_000;

/** How much went by in the last 10 s, second by second. */
export class RateWindow {
  readonly #counts = new Array<number>(buckets).fill(0);
  /** The second that is counted now, since the clock's start. */
  #bucket = 0;

  /** Counts what went by at that time. */
  add(count: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#counts[this.#bucket % buckets] = (this.#counts[this.#bucket % buckets] as number) + count;
  }

  /** The mean over the window. */
  perSecond(nowMs: number): number {
    this.#turn(nowMs);
    return this.#counts.reduce((sum, count) => sum + count, 0) / windowSeconds;
  }

  /** Forgets the seconds that have left the window. */
  #turn(nowMs: number): void {
    const bucket = Math.floor(nowMs / bucketMs);
    const passed = Math.min(buckets, bucket - this.#bucket);
    for (let i = 1; i <= passed; i++) this.#counts[(bucket - passed + i) % buckets] = 0;
    this.#bucket = Math.max(this.#bucket, bucket);
  }
}
