import { become, type Deadline, type Step } from "./machine.js";

/**
 * When to try for a direct path to one peer. Both sides may dial; the preferred one dials first, the other steps in when
 * nothing came, so that a lost signal or a side that doesn't know of a failure never leaves the two apart.
 *
 * Invariants: every state but `ended` has a deadline or a path; the wait between attempts grows and has a ceiling, until a
 * path has held for {@link steadyMs}: one that breaks as soon as it opens isn't tried without a pause for ever.
 */
export type DialingState =
  | { readonly phase: "waiting"; readonly attempt: number; readonly untilMs: number; readonly preferred: boolean }
  | { readonly phase: "connecting"; readonly attempt: number; readonly untilMs: number; readonly preferred: boolean }
  | { readonly phase: "open"; readonly attempt: number; readonly sinceMs: number; readonly preferred: boolean }
  | { readonly phase: "ended" };

export type DialingEvent =
  | { readonly type: "woke" }
  /** The other side offered, and we answer. */
  | { readonly type: "answering" }
  /** The path carries frames both ways. */
  | { readonly type: "opened" }
  /** The attempt failed, or the path closed. `roll` is random, from 0 to 1. */
  | { readonly type: "lost"; readonly roll: number }
  | { readonly type: "end" };

export type DialingEffect =
  | { readonly type: "dial" }
  /** The attempt took too long: drop its connection, then feed `lost`. */
  | { readonly type: "give-up" };

/** How long an attempt may take until frames go both ways. */
export const attemptMs = 15_000;
/** How long the other side waits for the preferred one's offer before it dials itself. */
export const stepInMs = 2_000;
/** A path that held for so long was a good one: after it, waits begin short again. */
export const steadyMs = 10_000;
const backoffFirstMs = 250;
const backoffMostMs = 15_000;

export function startDialing(preferred: boolean, nowMs: number): DialingState {
  return { phase: "waiting", attempt: 0, untilMs: preferred ? nowMs : nowMs + stepInMs, preferred };
}

export function stepDialing(
  state: DialingState,
  event: DialingEvent,
  nowMs: number,
): Step<DialingState, DialingEffect> {
  if (state.phase === "ended") return become(state);
  const { preferred } = state;
  const attempt = state.phase === "open" && nowMs - state.sinceMs >= steadyMs ? 0 : state.attempt;
  switch (event.type) {
    case "end":
      return become({ phase: "ended" });
    case "opened":
      return become({ phase: "open", attempt, sinceMs: nowMs, preferred });
    case "answering":
      return become({ phase: "connecting", attempt, untilMs: nowMs + attemptMs, preferred });
    case "lost": {
      const waitMs = backoffMs(attempt, event.roll) + (preferred ? 0 : stepInMs);
      return become({ phase: "waiting", attempt: attempt + 1, untilMs: nowMs + waitMs, preferred });
    }
    case "woke":
      if (state.phase === "open" || nowMs < state.untilMs) return become(state);
      if (state.phase === "connecting") return { state, effects: [{ type: "give-up" }] };
      return {
        state: { phase: "connecting", attempt, untilMs: nowMs + attemptMs, preferred },
        effects: [{ type: "dial" }],
      };
  }
}

export function dialingDeadline(state: DialingState): Deadline | undefined {
  switch (state.phase) {
    case "waiting":
      return { atMs: state.untilMs, reason: "time to dial" };
    case "connecting":
      return { atMs: state.untilMs, reason: `no path ${attemptMs / 1000} s after the attempt began` };
    case "open":
    case "ended":
      return undefined;
  }
}

/** Exponential backoff with equal jitter: half of the wait is certain, so that two sides never spin. */
function backoffMs(attempt: number, roll: number): number {
  const ceiling = Math.min(backoffMostMs, backoffFirstMs * 2 ** attempt);
  return ceiling / 2 + (ceiling / 2) * roll;
}
