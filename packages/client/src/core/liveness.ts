import { become, type Deadline, type Step } from "./machine.js";

/**
 * Whether the other end of a path still answers. Engines take from 11 s to forever to say that it doesn't, so the link
 * asks for itself.
 *
 * Invariants:
 * 1. Silence is asked about after {@link busySilenceMs} where messages went by lately, after {@link idleSilenceMs} otherwise.
 * 2. A path that leaves a question open for {@link suspicionMs} is suspect, and asked again; for {@link lostMs}, it is lost.
 * 3. While we slept, or were kept from running, nothing could be heard: such time is held against no path. That is said once of
 *    a question: where all timers are late, as a hidden tab's are, a path that doesn't answer is lost all the same.
 */
export type LivenessState =
  | (Common & { readonly phase: "trusted" })
  | (Asking & { readonly phase: "asked" })
  /** Asked again, or denounced: others may have to carry what it should. */
  | (Asking & { readonly phase: "suspect"; readonly askedAgainMs: number })
  | { readonly phase: "lost" };

interface Common {
  readonly heardMs: number;
  readonly busyMs: number;
  /** The smoothed round trip. */
  readonly rttMs: number | undefined;
  /** Questions asked so far. */
  readonly asked: number;
}

interface Asking extends Common {
  /** The question's number; asking again repeats it. */
  readonly token: number;
  readonly askedMs: number;
  /** We were kept from running while it was open, and began to count anew. */
  readonly excused: boolean;
}

export type LivenessEvent =
  /** A message went by, either way. */
  | { readonly type: "busy" }
  /** Anything came in. */
  | { readonly type: "heard" }
  | { readonly type: "pong"; readonly token: number }
  /** The other side acknowledged what it hadn't before: as good as a pong, and not stuck behind a full buffer. */
  | { readonly type: "progress" }
  /** Someone has reason to ask. */
  | { readonly type: "doubt" }
  /** Someone has reason to think that it is dead: the network changed, the engine says so. */
  | { readonly type: "denounced" }
  /** It was at rest, and has to carry again. */
  | { readonly type: "recalled" }
  | { readonly type: "woke" };

export type LivenessEffect =
  | { readonly type: "ping"; readonly token: number }
  | { readonly type: "lost"; readonly silentMs: number };

export const idleSilenceMs = 15_000;
export const busySilenceMs = 2_000;
/** How long a link counts as busy after a message. */
const busyForMs = 30_000;
/** Unanswered for so long, a path is given up. */
export const lostMs = 10_000;
const suspicionLeastMs = 2_000;
const suspicionMostMs = 4_000;
/** A timer that is late by more than this says that we slept, or were kept from running. */
export const sleptMs = 5_000;

/** How long a question may stay open before the path is suspect: time for four round trips. */
export function suspicionMs(rttMs = 0): number {
  return Math.min(suspicionMostMs, Math.max(suspicionLeastMs, 4 * rttMs));
}

/** A path that has just opened asks at once: that measures the first round trip. */
export function startLiveness(nowMs: number): Step<LivenessState, LivenessEffect> {
  const busyMs = Number.NEGATIVE_INFINITY;
  return ask({ heardMs: nowMs, busyMs, rttMs: undefined, asked: 0 }, nowMs);
}

export function stepLiveness(
  state: LivenessState,
  event: LivenessEvent,
  nowMs: number,
): Step<LivenessState, LivenessEffect> {
  if (state.phase === "lost") return become(state);
  switch (event.type) {
    case "busy": {
      const busy = { ...state, busyMs: nowMs };
      // The first message in a while goes into a silence that was fine for an idle path.
      return state.phase === "trusted" && nowMs >= state.heardMs + busySilenceMs ? ask(busy, nowMs) : become(busy);
    }
    case "heard":
      // A question stays open until its pong: what arrives may have been under way before the path broke one way.
      return become({ ...state, heardMs: nowMs });
    case "pong": {
      if (state.phase === "trusted" || event.token !== state.token) return become(state);
      // Karn's rule (RFC 6298 §3): an answer to a question asked twice says nothing of the round trip.
      const rttMs = state.phase === "asked" ? smooth(state.rttMs, nowMs - state.askedMs) : state.rttMs;
      return become(trust({ ...state, rttMs }, nowMs));
    }
    case "progress":
      return become(trust(state, nowMs));
    case "doubt":
      return state.phase === "trusted" ? ask(state, nowMs) : become(state);
    case "denounced":
      return state.phase === "suspect" ? become(state) : suspect(state, nowMs);
    case "recalled":
      return ask({ ...state, heardMs: nowMs }, nowMs);
    case "woke":
      return wake(state, nowMs);
  }
}

function wake(state: Exclude<LivenessState, { phase: "lost" }>, nowMs: number): Step<LivenessState, LivenessEffect> {
  const dueMs = wakesAt(state);
  if (nowMs < dueMs) return become(state);
  const wasLate = nowMs >= dueMs + sleptMs;
  // Late or not: it is time to ask. That nothing came meanwhile says nothing yet.
  if (state.phase === "trusted") return ask(wasLate ? { ...state, heardMs: nowMs } : state, nowMs);
  if (wasLate && !state.excused) return suspect({ ...state, heardMs: nowMs }, nowMs, true);
  if (nowMs >= state.askedMs + lostMs) {
    return { state: { phase: "lost" }, effects: [{ type: "lost", silentMs: nowMs - state.heardMs }] };
  }
  return {
    state: { ...state, phase: "suspect", askedAgainMs: nowMs },
    effects: [{ type: "ping", token: state.token }],
  };
}

function trust({ busyMs, rttMs, asked }: Common, nowMs: number): LivenessState {
  return { phase: "trusted", heardMs: nowMs, busyMs, rttMs, asked };
}

function ask({ heardMs, busyMs, rttMs, asked }: Common, nowMs: number): Step<LivenessState, LivenessEffect> {
  const token = asked + 1;
  return {
    state: { phase: "asked", heardMs, busyMs, rttMs, asked: token, token, askedMs: nowMs, excused: false },
    effects: [{ type: "ping", token }],
  };
}

function suspect(
  { heardMs, busyMs, rttMs, asked }: Common,
  nowMs: number,
  excused = false,
): Step<LivenessState, LivenessEffect> {
  const token = asked + 1;
  return {
    state: {
      phase: "suspect",
      heardMs,
      busyMs,
      rttMs,
      asked: token,
      token,
      askedMs: nowMs,
      askedAgainMs: nowMs,
      excused,
    },
    effects: [{ type: "ping", token }],
  };
}

export function livenessDeadline(state: LivenessState): Deadline | undefined {
  if (state.phase === "lost") return undefined;
  return { atMs: wakesAt(state), reason: state.phase === "trusted" ? "silence" : "no pong" };
}

function wakesAt(state: Exclude<LivenessState, { phase: "lost" }>): number {
  switch (state.phase) {
    case "trusted": {
      const busy = state.heardMs - state.busyMs < busyForMs;
      return state.heardMs + (busy ? busySilenceMs : idleSilenceMs);
    }
    case "asked":
      return state.askedMs + suspicionMs(state.rttMs);
    case "suspect":
      return Math.min(state.askedAgainMs + suspicionMs(state.rttMs), state.askedMs + lostMs);
  }
}

/** The smoothed round trip, in milliseconds, once one was measured. */
export function roundTripMs(state: LivenessState): number | undefined {
  return state.phase === "lost" ? undefined : state.rttMs;
}

/** RFC 6298 §2: the smoothed round trip. */
function smooth(before: number | undefined, sample: number): number {
  return before === undefined ? sample : before + (sample - before) / 8;
}
