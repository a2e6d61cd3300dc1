/** As many come at once as a turn of an event loop may take in. */
const burst = 8;
/** Somewhat more than one of them costs. */
const gapMs = 0.5;
/** Whoever comes waits no longer, however many are in front. */
const longestMs = 500;

/**
 * Spreads what comes together: a few at once, and then one after another, each at a time of its own. The generic cell rate algorithm (ITU-T
 * I.371), which here says when, not whether.
 */
export class Pacer {
  /** When the next would be due if each had come in its time. */
  #dueMs = Number.NEGATIVE_INFINITY;

  /** How long whoever comes now has to wait. */
  waitMs(nowMs: number): number {
    const dueMs = Math.max(this.#dueMs, nowMs) + gapMs;
    this.#dueMs = Math.min(dueMs, nowMs + longestMs + burst * gapMs);
    return Math.max(0, this.#dueMs - burst * gapMs - nowMs);
  }
}
