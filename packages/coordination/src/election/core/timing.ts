import { clockMargin } from "../../agreement/core/clock-margin.js";

/** How long things take, all of it from one number: how often a leader says that it is there. */
export interface Timing {
  readonly beatMs: number;
  /** How long a leader leads without hearing from a majority, from the sending of the beat that was answered. */
  readonly leaseMs: number;
  /** How long a peer follows nobody else, from the arrival of a beat. Longer than a lease, by what clocks may differ. */
  readonly grantMs: number;
  /** How long a candidate waits for answers, and others for a candidate of a higher rank. */
  readonly answerMs: number;
}

export const defaultBeatMs = 1_000;

/** A leader that falls silent is replaced within three beats: a grant of 2.2, and an election of well under one. */
export function timingOf(beatMs: number): Timing {
  const leaseMs = 2 * beatMs;
  return { beatMs, leaseMs, grantMs: leaseMs * clockMargin, answerMs: beatMs / 4 };
}
