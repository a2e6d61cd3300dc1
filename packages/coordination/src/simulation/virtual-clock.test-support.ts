import type { Clock } from "../clock.js";

/** Time that passes only when it is moved; what is due rings in the order of its times. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are armed: none, where everything was closed. */
  get armed(): number {
    return this.#timers.size;
  }

  /** Lets this much time pass, and all that follows from each timer happen before the next rings. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await turn();
    while (this.#ringNext(untilMs)) await turn();
    this.#nowMs = untilMs;
  }

  /** Moves on until something is so; throws where nothing is due any more, or an hour has passed. */
  async until(isSo: () => boolean): Promise<void> {
    const untilMs = this.#nowMs + 3_600_000;
    await turn();
    while (!isSo()) {
      if (!this.#ringNext(untilMs)) throw new Error(`It isn't so by ${this.#nowMs} ms, and nothing is due any more.`);
      await turn();
    }
  }

  /** Moves on until a promise is settled. */
  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.until(() => isSettled);
    return promise;
  }

  #ringNext(untilMs: number): boolean {
    let next: { readonly atMs: number; readonly callback: () => void } | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    if (next === undefined || next.atMs > untilMs) return false;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.callback();
    return true;
  }
}

/** Lets everything happen that waits for no timer: promises, and what they bring about. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
