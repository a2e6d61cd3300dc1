import type { DirectNews } from "@skein/client";

/**
 * `fallback`: the relay carries when the direct path isn't there after a while, or fails sooner, or dies · `first`: at once, until
 * the direct path is open · `only`: always, and no direct path is tried.
 */
export type RelayMode = "fallback" | "first" | "only";

/**
 * When to have a channel through the server to one peer.
 *
 * Invariants:
 * 1. Every state that wants a channel, and can have one, has it or has a deadline for it.
 * 2. A channel that works is never closed: not because a direct path opened, nor because one failed to.
 * 3. Whoever calls is answered, whatever our own policy would wait for: the other side has its reasons.
 */
export interface RelayState {
  readonly mode: RelayMode;
  readonly afterMs: number;
  readonly direct: DirectNews;
  readonly standing: Standing;
}

type Standing =
  /** Nobody needs it. */
  | { readonly phase: "idle" }
  /** It opens at a time: the direct path has until then, or the last attempt failed. */
  | { readonly phase: "waiting"; readonly untilMs: number; readonly attempt: number }
  | { readonly phase: "open"; readonly sinceMs: number; readonly attempt: number }
  /** There is no connection to the server. */
  | { readonly phase: "unreachable" }
  | { readonly phase: "ended" };

export type RelayEvent =
  | { readonly type: "direct"; readonly news: DirectNews }
  /** The channel is gone. `roll` is random, from 0 to 1. */
  | { readonly type: "lost"; readonly roll: number }
  /** The other side opened a channel. */
  | { readonly type: "called" }
  | { readonly type: "server-away" }
  /** The server is back, or the peer is back at it. */
  | { readonly type: "server-back" }
  | { readonly type: "woke" }
  | { readonly type: "end" };

/** `open`: begin a channel · `close`: it is of no more use. */
export type RelayEffect = "open" | "close";

interface RelayStep {
  readonly state: RelayState;
  readonly effects: readonly RelayEffect[];
}

const backoffFirstMs = 250;
const backoffMostMs = 10_000;
/** A channel that held for so long was a good one: after it, waits begin short again. */
const steadyMs = 10_000;

export function startRelay(mode: RelayMode, afterMs: number): RelayState {
  return { mode, afterMs, direct: "trying", standing: { phase: "idle" } };
}

export function stepRelay(state: RelayState, event: RelayEvent, nowMs: number): RelayStep {
  const { standing } = state;
  if (standing.phase === "ended") return stay(state);
  switch (event.type) {
    case "direct":
      return follow({ ...state, direct: event.news }, nowMs);
    case "lost":
      return standing.phase === "open" ? retry(state, standing, event.roll, nowMs) : stay(state);
    case "called":
      return standing.phase === "open" ? stay(state) : open(state, nowMs);
    case "server-away":
      return {
        state: { ...state, standing: { phase: "unreachable" } },
        effects: standing.phase === "open" ? ["close"] : [],
      };
    case "server-back":
      if (standing.phase === "unreachable") return follow({ ...state, standing: { phase: "idle" } }, nowMs);
      // A wait for the direct path goes on; one after a failure is over.
      return standing.phase === "waiting" && standing.attempt > 0 ? open(state, nowMs) : stay(state);
    case "woke":
      return standing.phase === "waiting" && nowMs >= standing.untilMs ? open(state, nowMs) : stay(state);
    case "end":
      return { state: { ...state, standing: { phase: "ended" } }, effects: [] };
  }
}

/** When it opens, in milliseconds of the clock. */
export function relayDeadline({ standing }: RelayState): number | undefined {
  return standing.phase === "waiting" ? standing.untilMs : undefined;
}

function stay(state: RelayState): RelayStep {
  return { state, effects: [] };
}

/** Does what the direct path's state asks for. */
function follow(state: RelayState, nowMs: number): RelayStep {
  const { standing, mode, direct, afterMs } = state;
  if (standing.phase !== "idle" && standing.phase !== "waiting") return stay(state);
  const isPatient = mode === "fallback";
  if (isPatient && direct === "trusted") return stay({ ...state, standing: { phase: "idle" } });
  // A wait after a failure isn't cut short by more bad news.
  if (standing.phase === "waiting" && (standing.attempt > 0 || direct === "trying")) return stay(state);
  if (isPatient && direct === "trying") {
    return stay({ ...state, standing: { phase: "waiting", untilMs: nowMs + afterMs, attempt: 0 } });
  }
  return open(state, nowMs);
}

function open(state: RelayState, nowMs: number): RelayStep {
  const attempt = state.standing.phase === "waiting" ? state.standing.attempt : 0;
  return { state: { ...state, standing: { phase: "open", sinceMs: nowMs, attempt } }, effects: ["open"] };
}

function retry(
  state: RelayState,
  { sinceMs, attempt }: { sinceMs: number; attempt: number },
  roll: number,
  nowMs: number,
): RelayStep {
  if (state.mode === "fallback" && state.direct === "trusted") return stay({ ...state, standing: { phase: "idle" } });
  const failures = nowMs - sinceMs >= steadyMs ? 1 : attempt + 1;
  // Equal jitter: half of the wait is certain, so that two sides never spin.
  const ceilingMs = Math.min(backoffMostMs, backoffFirstMs * 2 ** (failures - 1));
  const untilMs = nowMs + ceilingMs / 2 + (ceilingMs / 2) * roll;
  return stay({ ...state, standing: { phase: "waiting", untilMs, attempt: failures } });
}
