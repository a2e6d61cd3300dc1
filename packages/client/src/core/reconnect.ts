import { become, type Deadline, type Step } from "./machine.js";

/**
 * The connection to the server: when to connect, when to ask whether it is still there, when to come back.
 *
 * Invariants: every state but `ended` has a deadline; a connection that says nothing for {@link silenceMs} is asked, and
 * dropped when it doesn't answer within {@link answerMs}, or sooner where the network may be another one; we never come back before the server wants us; waits grow until a
 * connection has held for `steadyMs`. A server that stops tells each of its clients when to go: then we go, and come back at once,
 * since it has spread us already.
 */
export type ReconnectState =
  /** From the socket's opening to the server's `joined`. */
  | { readonly phase: "connecting"; readonly attempt: number; readonly untilMs: number }
  | {
      readonly phase: "joined";
      readonly attempt: number;
      readonly sinceMs: number;
      readonly heardMs: number;
      /** Until when the server has to answer a question that is out. */
      readonly answerByMs: number | undefined;
      /** When the server wants us to go elsewhere, since it stops. */
      readonly leaveMs: number | undefined;
    }
  | {
      readonly phase: "waiting";
      readonly attempt: number;
      readonly untilMs: number;
      /** The server's wish; what is later is jitter, which good news may cut short. */
      readonly notBeforeMs: number;
    }
  | { readonly phase: "ended" };

export type ReconnectEvent =
  | { readonly type: "joined" }
  /** Anything came from the server. */
  | { readonly type: "heard" }
  /** The socket closed, or never opened. `roll` is random, from 0 to 1; `afterMs` is the server's own wish. */
  | { readonly type: "lost"; readonly roll: number; readonly afterMs?: number | undefined }
  /** The server stops, and wants us to go elsewhere then. */
  | { readonly type: "draining"; readonly afterMs: number }
  /** The network is back, or changed, or may have while we slept. */
  | { readonly type: "online" }
  | { readonly type: "woke" }
  | { readonly type: "end" };

export type ReconnectEffect =
  | { readonly type: "connect" }
  | { readonly type: "ping" }
  /** Close the socket without waiting for the other side, then feed `lost`. */
  | { readonly type: "drop"; readonly reason: string };

export const connectMs = 10_000;
export const silenceMs = 20_000;
export const answerMs = 10_000;
/** The same where the network may be another one: the old socket leads nowhere then, and says nothing of it. */
export const doubtfulAnswerMs = 4_000;
/** A connection that held for so long was a good one: after it, waits begin short again. */
const steadyMs = 20_000;
const backoffFirstMs = 500;
const backoffMostMs = 15_000;
/** How long a client may take to come back to a server that is back: the longest wait, and the time to connect. */
export const returnMs = backoffMostMs + 5_000;

export function startReconnect(nowMs: number): Step<ReconnectState, ReconnectEffect> {
  return connect(0, nowMs);
}

export function stepReconnect(
  state: ReconnectState,
  event: ReconnectEvent,
  nowMs: number,
): Step<ReconnectState, ReconnectEffect> {
  if (state.phase === "ended") return become(state);
  switch (event.type) {
    case "end":
      return become({ phase: "ended" });
    case "joined": {
      const sinceMs = state.phase === "joined" ? state.sinceMs : nowMs;
      const { attempt } = state;
      return become({ phase: "joined", attempt, sinceMs, heardMs: nowMs, answerByMs: undefined, leaveMs: undefined });
    }
    case "draining":
      return become(state.phase === "joined" ? { ...state, leaveMs: nowMs + event.afterMs } : state);
    case "heard":
      return become(state.phase === "joined" ? { ...state, heardMs: nowMs, answerByMs: undefined } : state);
    case "lost": {
      if (state.phase === "waiting") return become(state);
      if (isTimeToLeave(state, nowMs)) return connect(0, nowMs);
      const attempt = state.phase === "joined" && nowMs - state.sinceMs >= steadyMs ? 0 : state.attempt;
      const notBeforeMs = nowMs + (event.afterMs ?? 0);
      const untilMs = Math.max(notBeforeMs, nowMs + fullJitterMs(attempt, event.roll));
      return become({ phase: "waiting", attempt: attempt + 1, untilMs, notBeforeMs });
    }
    case "online":
      if (state.phase === "waiting") {
        if (nowMs < state.notBeforeMs) return become({ ...state, untilMs: state.notBeforeMs });
        return connect(state.attempt, nowMs);
      }
      // The old socket may hang on a network that is gone: ask now rather than after the silence. A question that is out
      // already stays the one that counts, or a platform that changes its mind all the time would put off the end.
      if (state.phase === "joined" && state.answerByMs === undefined) return ask(state, nowMs, doubtfulAnswerMs);
      return become(state);
    case "woke":
      return wake(state, nowMs);
  }
}

function wake(
  state: Exclude<ReconnectState, { phase: "ended" }>,
  nowMs: number,
): Step<ReconnectState, ReconnectEffect> {
  switch (state.phase) {
    case "waiting":
      return nowMs < state.untilMs ? become(state) : connect(state.attempt, nowMs);
    case "connecting":
      if (nowMs < state.untilMs) return become(state);
      return { state, effects: [{ type: "drop", reason: `no answer within ${connectMs / 1000} s` }] };
    case "joined":
      if (isTimeToLeave(state, nowMs)) return { state, effects: [{ type: "drop", reason: "the server stops" }] };
      if (state.answerByMs === undefined) {
        return nowMs < state.heardMs + silenceMs ? become(state) : ask(state, nowMs);
      }
      if (nowMs < state.answerByMs) return become(state);
      return { state, effects: [{ type: "drop", reason: "the server stopped answering" }] };
  }
}

function connect(attempt: number, nowMs: number): Step<ReconnectState, ReconnectEffect> {
  return { state: { phase: "connecting", attempt, untilMs: nowMs + connectMs }, effects: [{ type: "connect" }] };
}

function ask(
  state: Extract<ReconnectState, { phase: "joined" }>,
  nowMs: number,
  waitMs = answerMs,
): Step<ReconnectState, ReconnectEffect> {
  return { state: { ...state, answerByMs: nowMs + waitMs }, effects: [{ type: "ping" }] };
}

export function reconnectDeadline(state: ReconnectState): Deadline | undefined {
  switch (state.phase) {
    case "waiting":
      return { atMs: state.untilMs, reason: "time to connect again" };
    case "connecting":
      return { atMs: state.untilMs, reason: "the server doesn't answer" };
    case "joined":
      return sooner(
        state.answerByMs === undefined
          ? { atMs: state.heardMs + silenceMs, reason: "silence" }
          : { atMs: state.answerByMs, reason: "no pong" },
        state.leaveMs,
      );
    case "ended":
      return undefined;
  }
}

function sooner(deadline: Deadline, leaveMs: number | undefined): Deadline {
  return leaveMs !== undefined && leaveMs < deadline.atMs ? { atMs: leaveMs, reason: "the server stops" } : deadline;
}

function isTimeToLeave(state: ReconnectState, nowMs: number): boolean {
  return state.phase === "joined" && state.leaveMs !== undefined && nowMs >= state.leaveMs;
}

/** Exponential backoff with full jitter: a crowd that lost its server comes back spread over the whole wait. */
function fullJitterMs(attempt: number, roll: number): number {
  return roll * Math.min(backoffMostMs, backoffFirstMs * 2 ** attempt);
}
