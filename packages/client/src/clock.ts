/** The time and the one way to wait for it. Passed in everywhere, so that a simulated world can own both. */
export interface Clock {
  /** Milliseconds that only go forward, from an arbitrary start. */
  nowMs(): number;
  /** Milliseconds since 1970, by the wall. */
  wallMs(): number;
  /** Calls back once after a delay; gives what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /**
   * Calls back once all that is under way at this moment has come to rest. For simulated worlds: a real one has no such moment, and a few microtasks
   * take its place, whose number says nothing from one version of a platform to the next.
   */
  atRest?(callback: () => void): void;
}

/** The longest that timers can wait: they take a longer delay for none at all. Whoever wakes early waits again. */
const delayMostMs = 2 ** 31 - 1;

export const platformClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, delayMostMs));
    return () => clearTimeout(timer);
  },
};

/** The one timer of a shell: it follows its core's deadline. */
export class Alarm {
  #cancel: (() => void) | undefined;
  #atMs: number | undefined;
  readonly #clock: Clock;
  readonly #ring: () => void;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this time, or never. Setting it again moves it. */
  set(atMs: number | undefined): void {
    if (atMs === this.#atMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#atMs = atMs;
    if (atMs === undefined) return;
    this.#cancel = this.#clock.after(Math.max(0, atMs - this.#clock.nowMs()), () => {
      this.#atMs = undefined;
      this.#ring();
    });
  }
}
