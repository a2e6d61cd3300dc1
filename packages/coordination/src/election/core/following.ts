import { become } from "../../agreement/core/machine.js";
import { concede, seek } from "./candidacy.js";
import { present, raise } from "./leadership.js";
import { outranks } from "./rank.js";
import {
  andThen,
  canStand,
  type ElectionEffect,
  type ElectionState,
  type ElectionStep,
  isMember,
  type KnownPeer,
  keep,
  liveGrant,
  type MessageOf,
  send,
} from "./state.js";

type Lead = MessageOf<"lead">;

/** A leader makes way for a challenger no oftener than this, lest one that can't be elected unseats it again and again. */
const challengeEveryBeats = 10;

/** Somebody says that it leads; whether it may was looked at before. */
export function handleLead(state: ElectionState, peer: KnownPeer, message: Lead, nowMs: number): ElectionStep {
  const { role, settings } = state;
  if (role.phase === "leading") return meetLeader(state, peer, message, nowMs);
  if (settings.members === undefined && followsBetter(state, peer)) return become(state);
  if (isOutdated(state, peer, message)) return { state, effects: [outdated(state, peer)] };
  const free = role.phase === "canvassing" ? concede(state, nowMs) : become(state);
  return andThen(free, (next) => follow(next, peer, message, nowMs));
}

/** Of two leaders without members, the one of the higher rank goes on, in a term above both. */
function meetLeader(state: ElectionState, peer: KnownPeer, message: Lead, nowMs: number): ElectionStep {
  const { role, settings } = state;
  if (role.phase !== "leading") return become(state);
  if (settings.members !== undefined) {
    if (message.term <= role.term) return { state, effects: [outdated(state, peer)] };
    return andThen(stepDown(state, nowMs), (next) => follow(next, peer, message, nowMs));
  }
  if (outranks(settings.self, peer.rank)) {
    return message.term < role.term
      ? { state, effects: present(state, peer.rank.id) }
      : raise(state, message.term, nowMs);
  }
  return andThen(stepDown(state, nowMs), (next) => handleLead(next, peer, message, nowMs));
}

function followsBetter({ role, peers }: ElectionState, peer: KnownPeer): boolean {
  if (role.phase !== "following" || role.leader === peer.rank.id) return false;
  const leader = peers.get(role.leader);
  return leader !== undefined && outranks(leader.rank, peer.rank);
}

function isOutdated({ led }: ElectionState, { rank }: KnownPeer, { term }: Lead): boolean {
  return term < led.term || (term === led.term && led.by !== rank.id);
}

function outdated({ led }: ElectionState, { rank }: KnownPeer): ElectionEffect {
  return send(rank.id, { t: "outdated", term: led.term });
}

/** Follows, and where we are a member and free, promises to do so for a while. */
function follow(state: ElectionState, { rank }: KnownPeer, { term, beat }: Lead, nowMs: number): ElectionStep {
  const { timing } = state.settings;
  const untilMs = nowMs + timing.grantMs;
  const following: ElectionState = {
    ...state,
    heardTerm: Math.max(state.heardTerm, term),
    led: { term, by: rank.id },
    role: { phase: "following", leader: rank.id, term, untilMs },
  };
  return andThen(grant(following, { to: rank.id, term, untilMs }, beat, nowMs), (next) =>
    challenge(next, rank.id, nowMs),
  );
}

function grant(
  state: ElectionState,
  promise: { to: string; term: number; untilMs: number },
  beat: number,
  nowMs: number,
): ElectionStep {
  const { settings, memory, grantsFromMs } = state;
  if (settings.members === undefined || !isMember(state, settings.self.id)) return become(state);
  const bound = liveGrant(state, nowMs);
  const isFree = bound === undefined || (bound.to === promise.to && bound.term === promise.term);
  if (!isFree || nowMs < grantsFromMs) return become(state);
  const held = send(promise.to, { t: "held", term: promise.term, beat });
  const promised = { ...state, grant: promise };
  if (promise.term <= memory.term) return { state: promised, effects: [held] };
  const kept = keep(promised, { term: promise.term, votedFor: promise.to });
  return { ...kept, effects: [...kept.effects, held] };
}

function challenge(state: ElectionState, leader: string, nowMs: number): ElectionStep {
  const { settings, peers, led, challengedMs } = state;
  const rank = peers.get(leader)?.rank;
  const isDue = nowMs >= challengedMs + challengeEveryBeats * settings.timing.beatMs;
  if (!settings.takeover || !isDue || rank === undefined) return become(state);
  if (!canStand(state, nowMs) || !outranks(settings.self, rank)) return become(state);
  return { state: { ...state, challengedMs: nowMs }, effects: [send(leader, { t: "challenge", term: led.term })] };
}

export function handleChallenge(state: ElectionState, peer: KnownPeer, nowMs: number): ElectionStep {
  const { role, settings } = state;
  const isDue = role.phase === "leading" && peer.candidate && isMember(state, peer.rank.id);
  return isDue && outranks(peer.rank, settings.self) ? stepDown(state, nowMs) : become(state);
}

/** Leads no more, and says so: whoever promised is free at once. */
export function stepDown(state: ElectionState, nowMs: number): ElectionStep {
  const { role } = state;
  if (role.phase !== "leading") return become(state);
  const next = seek({ ...state, grant: undefined }, nowMs);
  return { state: next, effects: [send("all", { t: "release", term: role.term })] };
}

/** Whom we promised doesn't need it, or whom we followed doesn't lead any more. */
export function handleRelease(
  state: ElectionState,
  from: string,
  { term }: MessageOf<"release">,
  nowMs: number,
): ElectionStep {
  const { role, grant: bound } = state;
  const isOurs = bound?.to === from && bound.term === term;
  const free = isOurs ? { ...state, grant: undefined } : state;
  if (role.phase === "following" && role.leader === from && role.term === term) return become(seek(free, nowMs));
  if (role.phase !== "seeking" || role.untilMs === undefined || !isOurs) return become(free);
  const sought = seek(free, nowMs).role;
  const untilMs = sought.phase === "seeking" ? Math.min(role.untilMs, sought.untilMs ?? role.untilMs) : role.untilMs;
  return become({ ...free, role: { phase: "seeking", untilMs } });
}
