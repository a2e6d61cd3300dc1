import type { Clock } from "./clock.js";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. Timers ring in the order of their times, and of their making where those are equal. */
export class TestClock implements Clock {
  #nowMs = 0;
  #wallAheadMs = 1_700_000_000_000;
  #timers: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallAheadMs + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers are armed: none, where everything was closed. */
  get armed(): number {
    return this.#timers.length;
  }

  /** When the next timer rings. */
  get nextMs(): number | undefined {
    return this.#next()?.atMs;
  }

  /** Lets this much time pass at once. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#ringNext(untilMs));
    this.#nowMs = untilMs;
  }

  /** Lets this much time pass, and all that follows from each timer happen before the next rings. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await turn();
    while (this.#ringNext(untilMs)) await turn();
    this.#nowMs = untilMs;
  }

  /** Nothing runs for so long; then all that is due rings at once. Systems differ in what their monotonic clock does meanwhile. */
  sleep(ms: number, clocks: "both clocks go on" | "monotonic clock stands still"): void {
    if (clocks === "both clocks go on") this.#nowMs += ms;
    else this.#wallAheadMs += ms;
    this.advance(0);
  }

  setWallBack(ms: number): void {
    this.#wallAheadMs -= ms;
  }

  #next(): Timer | undefined {
    return this.#timers.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.atMs < first.atMs ? timer : first),
      undefined,
    );
  }

  #ringNext(untilMs: number): boolean {
    const timer = this.#next();
    if (timer === undefined || timer.atMs > untilMs) return false;
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.callback();
    return true;
  }
}

/** Lets everything happen that waits for no timer: promises, and what they bring about. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until something is so. The test's own time limit ends the wait. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** Random bytes that are the same in each run, and differ from call to call. */
export function countingRandom(seed = 1): (length: number) => Uint8Array {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      // A linear congruential generator (Numerical Recipes): spread is all that is asked of it.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
