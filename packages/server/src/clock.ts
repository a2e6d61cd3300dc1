/** The time and the one way to wait for it. Passed in, so that a simulated world can own both. */
export interface Clock {
  /** Milliseconds that only go forward, from an arbitrary start. */
  nowMs(): number;
  /** Milliseconds since 1970, by the wall: others hold credentials against it. */
  wallMs(): number;
  /** Calls back once after a delay; gives what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export const platformClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The one timer of a server: it follows the earliest of its deadlines. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #atMs: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this time, or never. A time that comes later than the one it was set for moves it only when that one rings. */
  set(atMs: number | undefined): void {
    // Most deadlines are taken back before they come: moving the timer each time would cost more than one idle ring.
    if (atMs !== undefined && this.#atMs !== undefined && this.#atMs <= atMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#atMs = atMs;
    if (atMs === undefined) return;
    this.#cancel = this.#clock.after(Math.max(0, atMs - this.#clock.nowMs()), () => {
      this.#atMs = undefined;
      this.#cancel = undefined;
      this.#ring();
    });
  }
}
