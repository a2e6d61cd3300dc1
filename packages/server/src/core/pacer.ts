/** How a pacer spreads those who come. */
export interface Pace {
  /** As many come at once as a turn of an event loop may take in. */
  readonly burst: number;
  readonly gapMs: number;
  /** Whoever comes waits no longer, however many are in front. */
  readonly longestMs: number;
}

/** Of everyone: the gap is somewhat more than one of them costs. */
export const everyonesPace: Pace = { burst: 8, gapMs: 0.5, longestMs: 500 };

/** Of one address: a hundred a second, who cost a tenth of a processor. All that may come at once from there are in after five seconds. */
export const addressPace: Pace = { burst: 8, gapMs: 10, longestMs: 5_000 };

/**
 * Spreads what comes together: a few at once, and then one after another, each at a time of its own. The generic cell rate algorithm (ITU-T
 * I.371), which here says when, not whether.
 */
export class Pacer {
  readonly #pace: Pace;
  /** When the next would be due if each had come in its time. */
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** How long whoever comes now has to wait. */
  waitMs(nowMs: number): number {
    const { burst, gapMs, longestMs } = this.#pace;
    const dueMs = Math.max(this.#dueMs, nowMs) + gapMs;
    this.#dueMs = Math.min(dueMs, nowMs + longestMs + burst * gapMs);
    return Math.max(0, this.#dueMs - burst * gapMs - nowMs);
  }

  /** Whether a new one would say the same. */
  isRested(nowMs: number): boolean {
    return this.#dueMs <= nowMs;
  }
}
