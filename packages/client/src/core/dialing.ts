import { become, type Deadline, type Step } from "./machine.js";

/**
 * When to try for a direct path to one peer. Both sides may dial; the preferred one dials first, the other steps in when
 * nothing came, so that a lost signal or a side that doesn't know of a failure never leaves the two apart.
 *
 * Invariants: every state but `ended` has a deadline or a path; the wait between attempts grows and has a ceiling, until a
 * path has held for {@link steadyMs}: one that breaks as soon as it opens isn't tried without a pause for ever. What the world
 * around does (the server's return, another network) shortens a wait, and never counts as a failure.
 */
export type DialingState =
  | { readonly phase: "waiting"; readonly attempt: number; readonly untilMs: number; readonly preferred: boolean }
  | { readonly phase: "connecting"; readonly attempt: number; readonly untilMs: number; readonly preferred: boolean }
  | { readonly phase: "open"; readonly attempt: number; readonly sinceMs: number; readonly preferred: boolean }
  /** Open, and the engine says that it is disconnected: often that passes. */
  | {
      readonly phase: "wavering";
      readonly attempt: number;
      readonly sinceMs: number;
      readonly untilMs: number;
      readonly preferred: boolean;
    }
  | { readonly phase: "ended" };

export type DialingEvent =
  | { readonly type: "woke" }
  /** The other side offered, and we answer. */
  | { readonly type: "answering" }
  /** The path carries frames both ways. */
  | { readonly type: "opened" }
  /** The attempt failed, or the path closed. `roll` is random, from 0 to 1. */
  | { readonly type: "lost"; readonly roll: number }
  /** There is a server again, or another network: what was tried before counts no more. `roll` as in `lost`. */
  | { readonly type: "retry"; readonly roll: number }
  /** The engine says that it is disconnected. */
  | { readonly type: "wavered" }
  /** The engine says that it is connected. */
  | { readonly type: "steadied" }
  | { readonly type: "end" };

export type DialingEffect =
  | { readonly type: "dial" }
  /** The attempt took too long: drop its connection, then feed `lost`. */
  | { readonly type: "give-up" }
  /** The engine has said for too long that the path is disconnected: there is reason to think so. */
  | { readonly type: "denounce" };

/** How long an attempt may take until frames go both ways. */
export const attemptMs = 15_000;
/** How long the other side waits for the preferred one's offer before it dials itself. */
export const stepInMs = 2_000;
/** How long the engine may say that a path is disconnected: one that only lost a few packets is back by then. */
export const waveringMs = 2_000;
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
  const attempt = isOpen(state) && nowMs - state.sinceMs >= steadyMs ? 0 : state.attempt;
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
    case "retry": {
      if (isOpen(state)) return become(state);
      const untilMs = nowMs + backoffMs(0, event.roll) + (preferred ? 0 : stepInMs);
      const dueMs = state.phase === "waiting" ? Math.min(state.untilMs, untilMs) : untilMs;
      return become({ phase: "waiting", attempt, untilMs: dueMs, preferred });
    }
    case "wavered":
      if (state.phase !== "open") return become(state);
      return become({ ...state, phase: "wavering", untilMs: nowMs + waveringMs });
    case "steadied":
      return become(state.phase === "wavering" ? steady(state) : state);
    case "woke":
      return wake(state, nowMs);
  }
}

/** Frames go both ways, as far as anyone knows. */
export function isOpen(state: DialingState): state is Extract<DialingState, { phase: "open" | "wavering" }> {
  return state.phase === "open" || state.phase === "wavering";
}

function steady({ attempt, sinceMs, preferred }: Extract<DialingState, { phase: "wavering" }>): DialingState {
  return { phase: "open", attempt, sinceMs, preferred };
}

function wake(state: Exclude<DialingState, { phase: "ended" }>, nowMs: number): Step<DialingState, DialingEffect> {
  if (state.phase === "open" || nowMs < state.untilMs) return become(state);
  switch (state.phase) {
    case "connecting":
      return { state, effects: [{ type: "give-up" }] };
    case "wavering":
      // From here on the link's own questions decide.
      return { state: steady(state), effects: [{ type: "denounce" }] };
    case "waiting": {
      const { attempt, preferred } = state;
      return {
        state: { phase: "connecting", attempt, untilMs: nowMs + attemptMs, preferred },
        effects: [{ type: "dial" }],
      };
    }
  }
}

export function dialingDeadline(state: DialingState): Deadline | undefined {
  switch (state.phase) {
    case "waiting":
      return { atMs: state.untilMs, reason: "time to dial" };
    case "connecting":
      return { atMs: state.untilMs, reason: `no path ${attemptMs / 1000} s after the attempt began` };
    case "wavering":
      return { atMs: state.untilMs, reason: "the engine says disconnected" };
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
