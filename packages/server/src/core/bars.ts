/** Keys that are kept out for a while. A bounded number of them: beyond, the one that was added first is let in again. */
export class Bars {
  readonly #most: number;
  readonly #untilMs = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  add(key: string, untilMs: number): void {
    this.#untilMs.delete(key);
    this.#untilMs.set(key, untilMs);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size > this.#most && oldest !== undefined) this.#untilMs.delete(oldest);
  }

  /** How much longer it is kept out; 0 where it isn't. */
  leftMs(key: string, nowMs: number): number {
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return 0;
    if (untilMs <= nowMs) this.#untilMs.delete(key);
    return Math.max(0, untilMs - nowMs);
  }
}
