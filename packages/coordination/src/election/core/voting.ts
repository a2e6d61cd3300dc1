import { become } from "../../agreement/core/machine.js";
import { concede, seek, stand } from "./candidacy.js";
import { present } from "./leadership.js";
import { outranks } from "./rank.js";
import {
  andThen,
  canStand,
  type ElectionState,
  type ElectionStep,
  isMember,
  type KnownPeer,
  keep,
  liveGrant,
  type MessageOf,
  send,
} from "./state.js";

type Canvass = MessageOf<"canvass">;

/** Somebody asks to lead; whether it may was looked at before. */
export function handleCanvass(state: ElectionState, peer: KnownPeer, message: Canvass, nowMs: number): ElectionStep {
  const heard = { ...state, heardTerm: Math.max(state.heardTerm, message.term) };
  if (state.settings.members === undefined) return agree(heard, peer, message, nowMs);
  if (!isMember(state, state.settings.self.id)) return become(heard);
  return vote(heard, peer, message, nowMs);
}

function answer({ rank }: KnownPeer, term: number, yes: boolean): ElectionStep["effects"] {
  return [send(rank.id, { t: "answer", term, yes })];
}

/** A member's vote is a promise as well: of one vote in this term, and of following nobody else for a while. */
function vote(state: ElectionState, peer: KnownPeer, { term }: Canvass, nowMs: number): ElectionStep {
  const { role, settings } = state;
  if (role.phase === "leading")
    return { state, effects: [...answer(peer, term, false), ...present(state, peer.rank.id)] };
  if (outranks(settings.self, peer.rank)) {
    if (role.phase === "canvassing") return { state, effects: answer(peer, term, false) };
    if (role.phase === "seeking" && isFree(state, nowMs) && canStand(state, nowMs)) {
      return andThen({ state, effects: answer(peer, term, false) }, (next) => stand(next, nowMs));
    }
  }
  // Who comes after the one that asks makes way for it, also where this vote comes too late for this term.
  const yielding = role.phase === "canvassing" ? concede(state, nowMs, 1) : become(state);
  return andThen(yielding, (next) => castVote(next, peer, term, nowMs));
}

function castVote(state: ElectionState, peer: KnownPeer, term: number, nowMs: number): ElectionStep {
  const { memory, settings, grantsFromMs } = state;
  const isOpen = term > memory.term && term > state.led.term;
  if (!isOpen || !isFree(state, nowMs) || nowMs < grantsFromMs) return { state, effects: answer(peer, term, false) };
  const grant = { to: peer.rank.id, term, untilMs: nowMs + settings.timing.grantMs };
  const kept = keep(seek({ ...state, grant }, nowMs), { term, votedFor: peer.rank.id });
  return { ...kept, effects: [...kept.effects, ...answer(peer, term, true)] };
}

function isFree(state: ElectionState, nowMs: number): boolean {
  return liveGrant(state, nowMs) === undefined;
}

/** Without members an answer says whether we know of somebody better: a leader, or ourselves. */
function agree(state: ElectionState, peer: KnownPeer, { term }: Canvass, nowMs: number): ElectionStep {
  const { role, settings } = state;
  const { id } = peer.rank;
  const isBetter = outranks(settings.self, peer.rank);
  switch (role.phase) {
    case "leading":
      return { state, effects: [...answer(peer, term, false), ...present(state, id)] };
    case "following":
      // The leader itself asks: it has lost its lease, and leads no more.
      if (role.leader === id) return agree(seek(state, nowMs), peer, { t: "canvass", term }, nowMs);
      return { state, effects: answer(peer, term, false) };
    case "canvassing":
      if (isBetter) return { state, effects: answer(peer, term, false) };
      return andThen(concede(state, nowMs), (next) => consent(next, peer, term, nowMs));
    case "seeking":
      if (!isBetter || !canStand(state, nowMs)) return consent(state, peer, term, nowMs);
      return andThen({ state, effects: answer(peer, term, false) }, (next) => stand(next, nowMs));
    case "closed":
      return become(state);
  }
}

function consent(state: ElectionState, peer: KnownPeer, term: number, nowMs: number): ElectionStep {
  // It has its time to become the leader before we try.
  return { state: seek(state, nowMs, 2 * state.settings.timing.answerMs), effects: answer(peer, term, true) };
}
