import { become, type Deadline } from "../../agreement/core/machine.js";
import { concede, expireCanvass, handleAnswer, seek, settle, stand } from "./candidacy.js";
import { handleChallenge, handleLead, handleRelease, stepDown } from "./following.js";
import { beat, handleHeld, present, raise } from "./leadership.js";
import type { Rank } from "./rank.js";
import {
  andThen,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionMemory,
  type ElectionState,
  type ElectionStep,
  isMember,
  type KnownPeer,
  type Message,
  type MessageOf,
  type RefusalReason,
  type Settings,
  send,
  termLeapMost,
} from "./state.js";
import { handleCanvass } from "./voting.js";

/** @param memory what was kept of an earlier process of the same member */
export function startElection(
  settings: Settings,
  nowMs: number,
  memory: ElectionMemory = { term: 0, votedFor: settings.self.id },
): ElectionState {
  const { timing } = settings;
  const state: ElectionState = {
    settings,
    peers: new Map(),
    heardTerm: memory.term,
    led: { term: 0, by: settings.self.id },
    memory,
    grant: undefined,
    grantsFromMs: nowMs + timing.grantMs,
    standsFromMs: 0,
    challengedMs: Number.NEGATIVE_INFINITY,
    silent: undefined,
    role: { phase: "seeking", untilMs: undefined },
  };
  // Whoever leads has the time to say so: a member can't stand before anyway.
  return seek(state, nowMs, settings.members === undefined ? timing.beatMs : 0);
}

export function stepElection(state: ElectionState, event: ElectionEvent, nowMs: number): ElectionStep {
  if (state.role.phase === "closed") return become(state);
  // What is over is over before anything that came in meanwhile is looked at (invariant 4).
  const due = event.type === "slept" ? abandon(state, nowMs) : expire(state, nowMs);
  return andThen(due, (next) => handle(next, event, nowMs));
}

/** Whether we lead, at this moment. */
export function isLeading({ role }: ElectionState, nowMs: number): boolean {
  return role.phase === "leading" && nowMs < role.leaseUntilMs;
}

/** Who leads as far as we know, and in which term. */
export function leaderOf(
  { role, settings }: ElectionState,
  nowMs: number,
): { readonly id: string; readonly term: number } | undefined {
  if (role.phase === "leading" && nowMs < role.leaseUntilMs) return { id: settings.self.id, term: role.term };
  return role.phase === "following" && nowMs < role.untilMs ? { id: role.leader, term: role.term } : undefined;
}

export function electionDeadline({ role }: ElectionState): Deadline | undefined {
  switch (role.phase) {
    case "leading":
      return role.nextBeatMs < role.leaseUntilMs
        ? { atMs: role.nextBeatMs, reason: "the next beat" }
        : { atMs: role.leaseUntilMs, reason: "the lease is over" };
    case "following":
      return { atMs: role.untilMs, reason: "the leader is silent" };
    case "seeking":
      return role.untilMs === undefined ? undefined : { atMs: role.untilMs, reason: "nobody leads" };
    case "canvassing":
      return { atMs: role.untilMs, reason: "no more answers come" };
    case "closed":
      return undefined;
  }
}

function expire(state: ElectionState, nowMs: number): ElectionStep {
  const { role } = state;
  if (role.phase === "leading") {
    if (nowMs >= role.leaseUntilMs) return stepDown(state, nowMs);
    return nowMs >= role.nextBeatMs ? beat(state, role, nowMs) : become(state);
  }
  if (role.phase === "closed" || role.untilMs === undefined || nowMs < role.untilMs) return become(state);
  if (role.phase === "canvassing") return expireCanvass(state, nowMs);
  return role.phase === "following" ? become(seek({ ...state, silent: role.leader }, nowMs)) : stand(state, nowMs);
}

/** How long we slept nobody knows: no lease of ours is worth anything. What we promised others still holds. */
function abandon(state: ElectionState, nowMs: number): ElectionStep {
  return state.role.phase === "leading" ? stepDown(state, nowMs) : concede(state, nowMs);
}

function handle(state: ElectionState, event: ElectionEvent, nowMs: number): ElectionStep {
  switch (event.type) {
    case "reachable":
      return { state, effects: [send(event.from, hello(state, true))] };
    case "gone":
      return handleGone(state, event.from, nowMs);
    case "message":
      return handleMessage(state, event.from, event.message, nowMs);
    case "woke":
    case "slept":
      return become(state);
    case "resign": {
      // From now on we lead where nobody else would, and ask nobody to make way.
      const standsFromMs = nowMs + state.settings.timing.beatMs;
      return stepDown({ ...state, standsFromMs, challengedMs: Number.POSITIVE_INFINITY }, nowMs);
    }
    case "close":
      return close(state, nowMs);
  }
}

function close(state: ElectionState, nowMs: number): ElectionStep {
  const goodbye = send("all", { ...hello(state, false), candidate: false });
  const last = abandon(state, nowMs);
  return { state: { ...last.state, role: { phase: "closed" } }, effects: [...last.effects, goodbye] };
}

function hello({ settings, heardTerm }: ElectionState, ask: boolean): MessageOf<"hello"> {
  const { self, candidate } = settings;
  return { t: "hello", score: self.score, startedMs: self.startedMs, candidate, term: heardTerm, ask };
}

function handleGone(state: ElectionState, from: string, nowMs: number): ElectionStep {
  const peers = new Map(state.peers);
  peers.delete(from);
  const next = { ...state, peers };
  if (state.role.phase === "following" && state.role.leader === from) return become(seek(next, nowMs));
  return settle(next, nowMs);
}

function handleMessage(before: ElectionState, from: string, message: Message, nowMs: number): ElectionStep {
  const state = before.silent === from ? { ...before, silent: undefined } : before;
  if (message.term > state.heardTerm + termLeapMost) return refuse(state, from, "far-term", message);
  if (message.t === "hello") return handleHello(state, from, message);
  const peer = state.peers.get(from);
  // Its hello went by before we listened.
  if (peer === undefined) return { state, effects: [send(from, hello(state, true))] };
  switch (message.t) {
    case "answer":
      return handleAnswer(state, from, message, nowMs);
    case "held":
      return handleHeld(state, from, message, nowMs);
    case "release":
      return handleRelease(state, from, message, nowMs);
    case "outdated":
      return raise({ ...state, heardTerm: Math.max(state.heardTerm, message.term) }, message.term, nowMs);
    case "challenge":
      return handleChallenge(state, peer, nowMs);
    case "canvass":
    case "lead": {
      const reason = objection(state, peer, message);
      if (reason !== undefined) return refuse(state, from, reason, message);
      return message.t === "lead"
        ? handleLead(state, peer, message, nowMs)
        : handleCanvass(state, peer, message, nowMs);
    }
  }
}

/** Why nobody in this room may believe it. */
function objection(
  state: ElectionState,
  peer: KnownPeer,
  { t, term }: MessageOf<"canvass" | "lead">,
): RefusalReason | undefined {
  const { settings, led } = state;
  if (!peer.candidate) return "not-candidate";
  if (!isMember(state, peer.rank.id)) return "not-member";
  if (t === "canvass" || settings.members === undefined) return undefined;
  return led.term === term && led.by !== peer.rank.id ? "second-leader" : undefined;
}

function refuse(state: ElectionState, from: string, reason: RefusalReason, message: Message): ElectionStep {
  return { state, effects: [{ type: "refuse", from, reason, message }] };
}

function handleHello(state: ElectionState, from: string, message: MessageOf<"hello">): ElectionStep {
  const { score, startedMs, candidate, term, ask } = message;
  const rank: Rank = { score, startedMs, id: from };
  const known = state.peers.get(from);
  if (known !== undefined && (known.rank.score !== score || known.rank.startedMs !== startedMs)) {
    return refuse(state, from, "rank-changed", message);
  }
  const peers = new Map(state.peers).set(from, { rank, candidate });
  const answer: ElectionEffect[] = ask ? [send(from, hello(state, false))] : [];
  const { role } = state;
  if (role.phase === "canvassing") answer.push(send(from, { t: "canvass", term: role.term }));
  return {
    state: { ...state, peers, heardTerm: Math.max(state.heardTerm, term) },
    effects: [...answer, ...present(state, from)],
  };
}
