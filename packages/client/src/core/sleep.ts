/** What both clocks said at one moment. */
export interface Moment {
  /** Milliseconds that only go forward. */
  readonly nowMs: number;
  /** Milliseconds since 1970, by the wall. */
  readonly wallMs: number;
}

/** How often to look at the clocks. */
export const sampleMs = 1_000;
/** A wall clock that runs ahead of the other by more was not merely corrected: the other stood still. */
export const aheadMs = 5_000;
/** Browsers hold back the timers of hidden tabs for up to a minute: one that is later than that was held back by sleep. */
export const throttledMs = 60_000;

/**
 * Whether the computer slept between two samples, the second taken by a timer that was set at the first for
 * {@link sampleMs} later.
 *
 * Invariants:
 * 1. On systems whose monotonic clock stands still in sleep, the wall clock runs ahead. On the others the timer is late, by more
 *    than a hidden tab's ever is.
 * 2. A wall clock that is set back says nothing, and nothing later is held against it: each sample is measured from the one before.
 */
export function hasSlept(before: Moment, after: Moment): boolean {
  const passedMs = after.nowMs - before.nowMs;
  const isAhead = after.wallMs - before.wallMs - passedMs > aheadMs;
  return isAhead || passedMs > sampleMs + throttledMs + aheadMs;
}
