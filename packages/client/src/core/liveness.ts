import { become, type Deadline, type Step } from "./machine.js";

/**
 * Whether the other end of a path still answers. Engines take from 11 s to forever to say that it doesn't, so the link
 * asks for itself.
 *
 * Invariants: silence is asked about after {@link busySilenceMs} where messages went by lately and after
 * {@link idleSilenceMs} otherwise; a path that leaves a question unanswered for {@link lostMs} is lost.
 */
export type LivenessState =
  | (Common & { readonly phase: "trusted" })
  | (Common & {
      readonly phase: "asked";
      /** The question's number; asking again repeats it. */
      readonly token: number;
      readonly askedMs: number;
      readonly askedAgainMs: number | undefined;
    })
  | { readonly phase: "lost" };

interface Common {
  readonly heardMs: number;
  readonly busyMs: number;
  /** The smoothed round trip. */
  readonly rttMs: number | undefined;
  /** Questions asked so far. */
  readonly asked: number;
}

export type LivenessEvent =
  /** A message went by, either way. */
  | { readonly type: "busy" }
  /** Anything came in. */
  | { readonly type: "heard" }
  | { readonly type: "pong"; readonly token: number }
  /** The other side acknowledged what it hadn't before: as good as a pong, and not stuck behind a full buffer. */
  | { readonly type: "progress" }
  /** Someone has reason to doubt the path. */
  | { readonly type: "doubt" }
  | { readonly type: "woke" };

export type LivenessEffect =
  | { readonly type: "ping"; readonly token: number }
  | { readonly type: "lost"; readonly silentMs: number };

export const idleSilenceMs = 15_000;
export const busySilenceMs = 2_000;
/** How long a link counts as busy after a message. */
const busyForMs = 30_000;
/** A question is asked again after this. */
export const suspectMs = 4_000;
/** Unanswered for so long, a path is given up. */
export const lostMs = 10_000;

/** A path that has just opened asks at once: that measures the first round trip. */
export function startLiveness(nowMs: number): Step<LivenessState, LivenessEffect> {
  const busyMs = Number.NEGATIVE_INFINITY;
  return ask({ phase: "trusted", heardMs: nowMs, busyMs, rttMs: undefined, asked: 0 }, nowMs);
}

export function stepLiveness(
  state: LivenessState,
  event: LivenessEvent,
  nowMs: number,
): Step<LivenessState, LivenessEffect> {
  if (state.phase === "lost") return become(state);
  switch (event.type) {
    case "busy":
      return become({ ...state, busyMs: nowMs });
    case "heard":
      // A question stays open until its pong: what arrives may have been under way before the path broke one way.
      return become({ ...state, heardMs: nowMs });
    case "pong": {
      if (state.phase !== "asked" || event.token !== state.token) return become(state);
      // Karn's rule (RFC 6298 §3): an answer to a question asked twice says nothing of the round trip.
      const rttMs = state.askedAgainMs === undefined ? smooth(state.rttMs, nowMs - state.askedMs) : state.rttMs;
      return become({ phase: "trusted", heardMs: nowMs, busyMs: state.busyMs, rttMs, asked: state.asked });
    }
    case "progress": {
      const { busyMs, rttMs, asked } = state;
      return become({ phase: "trusted", heardMs: nowMs, busyMs, rttMs, asked });
    }
    case "doubt":
      return state.phase === "asked" ? become(state) : ask(state, nowMs);
    case "woke":
      if (nowMs < wakesAt(state)) return become(state);
      if (state.phase === "trusted") return ask(state, nowMs);
      if (nowMs >= state.askedMs + lostMs) {
        return { state: { phase: "lost" }, effects: [{ type: "lost", silentMs: nowMs - state.heardMs }] };
      }
      return {
        state: { ...state, askedAgainMs: nowMs },
        effects: [{ type: "ping", token: state.token }],
      };
  }
}

function ask(state: Extract<LivenessState, { phase: "trusted" }>, nowMs: number): Step<LivenessState, LivenessEffect> {
  const token = state.asked + 1;
  return {
    state: { ...state, phase: "asked", asked: token, token, askedMs: nowMs, askedAgainMs: undefined },
    effects: [{ type: "ping", token }],
  };
}

export function livenessDeadline(state: LivenessState): Deadline | undefined {
  if (state.phase === "lost") return undefined;
  return { atMs: wakesAt(state), reason: state.phase === "trusted" ? "silence" : "no pong" };
}

function wakesAt(state: Exclude<LivenessState, { phase: "lost" }>): number {
  if (state.phase === "asked")
    return Math.min((state.askedAgainMs ?? state.askedMs) + suspectMs, state.askedMs + lostMs);
  const busy = state.heardMs - state.busyMs < busyForMs;
  return state.heardMs + (busy ? busySilenceMs : idleSilenceMs);
}

/** The smoothed round trip, in milliseconds, once one was measured. */
export function roundTripMs(state: LivenessState): number | undefined {
  return state.phase === "lost" ? undefined : state.rttMs;
}

/** RFC 6298 §2: the smoothed round trip. */
function smooth(before: number | undefined, sample: number): number {
  return before === undefined ? sample : before + (sample - before) / 8;
}
