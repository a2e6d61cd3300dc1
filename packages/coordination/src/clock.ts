/** The time and the one way to wait for it. Passed in, so that a simulated world can own both. */
export interface Clock {
  /** Milliseconds that only go forward, from an arbitrary start. */
  nowMs(): number;
  /** Milliseconds since 1970, by the wall. */
  wallMs(): number;
  /** Calls back once after a delay; gives what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
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
