import type { Candidate, Signal } from "@skein/protocol";
import { become, type Step } from "./machine.js";

/**
 * Perfect negotiation (W3C webrtc-pc §10.7) over numbered generations, and the queue for candidates that come before the
 * description they belong to.
 *
 * A generation is one RTCPeerConnection on each side. The side that wants a new one counts up and offers; the other
 * follows. Within a generation offers are numbered: those behind the first restart ICE. Two of one number that cross are
 * settled by politeness.
 *
 * Invariants:
 * 1. The generation never falls. Signals of an older one change nothing.
 * 2. Of the offers of a generation that are out, both sides follow the one with the highest number, the impolite side's
 *    where two have it. Numbers never fall within a generation, so an offer that was held back on its way changes nothing.
 * 3. A candidate is handed to the engine only after the description with its user fragment, and only to the connection of
 *    its generation.
 * 4. What waits is bounded: {@link heldCandidatesMost} candidates, the oldest leave first. So is what the engine is given for one
 *    description: {@link givenCandidatesMost}, the first ones.
 */
export interface NegotiationState {
  /** Gives way when offers cross: the side with the smaller id. */
  readonly polite: boolean;
  /** The engine takes a remote offer while it has one of its own out (implicit rollback). Otherwise a fresh connection does. */
  readonly rollback: boolean;
  /** The engine restarts ICE, and can roll back. Otherwise an offer behind a generation's first is passed over. */
  readonly restart: boolean;
  readonly generation: number;
  /** The highest number of an offer of this generation, ours or theirs. */
  readonly number: number;
  /**
   * `idle`: no connection · `offering`: the engine makes our offer · `offered`: our offer is out · `unheard`: it is out, and
   * may not have reached the other side · `answering`: the engine makes our answer · `settled`: both descriptions are in
   * place. A restart goes through them again.
   */
  readonly phase: "idle" | "offering" | "offered" | "unheard" | "answering" | "settled";
  /** The user fragment of the remote description in force. */
  readonly remoteFragment: string | undefined;
  readonly held: readonly HeldCandidates[];
  /** How many candidates the engine was given for that description. */
  readonly given: number;
}

export interface HeldCandidates {
  readonly generation: number;
  readonly fragment: string;
  readonly list: readonly Candidate[];
}

export type NegotiationEvent =
  /** We want a new connection. */
  | { readonly type: "dial" }
  /** We want another way for the connection there is. */
  | { readonly type: "restart" }
  | { readonly type: "signal"; readonly signal: Signal }
  /** A signal of ours went nowhere. */
  | { readonly type: "undelivered" }
  | { readonly type: "offer-made"; readonly generation: number; readonly number: number; readonly sdp: string }
  /** The answer to their offer of this number. */
  | { readonly type: "answer-made"; readonly generation: number; readonly number: number; readonly sdp: string }
  | {
      readonly type: "candidates-found";
      readonly generation: number;
      readonly fragment: string;
      readonly list: readonly Candidate[];
    }
  /** The connection of this generation is of no more use, for a reason that the other side is told. */
  | { readonly type: "abandoned"; readonly generation: number; readonly reason: string };

export type NegotiationEffect =
  /** Close whatever connection there is, and open one of this generation. */
  | { readonly type: "open"; readonly generation: number }
  /** With ICE credentials of its own where its number isn't 0. */
  | { readonly type: "make-offer"; readonly number: number }
  /** Take the remote offer of this number and make the answer. */
  | { readonly type: "make-answer"; readonly number: number; readonly sdp: string }
  | { readonly type: "take-answer"; readonly sdp: string }
  | { readonly type: "add-candidates"; readonly list: readonly Candidate[] }
  | { readonly type: "send"; readonly signal: Signal }
  | { readonly type: "close" };

export const heldCandidatesMost = 256;
/** An engine checks each of them against all of its own. A machine with many addresses has a few dozen. */
export const givenCandidatesMost = 512;

/** @param options.generation the last one known of this pair, where it met before under the same keys. */
export function startNegotiation(options: {
  polite: boolean;
  rollback: boolean;
  restart: boolean;
  generation?: number;
}): NegotiationState {
  return { generation: 0, ...options, number: 0, phase: "idle", remoteFragment: undefined, held: [], given: 0 };
}

type NegotiationStep = Step<NegotiationState, NegotiationEffect>;

export function stepNegotiation(state: NegotiationState, event: NegotiationEvent): NegotiationStep {
  switch (event.type) {
    case "dial": {
      const generation = state.generation + 1;
      return {
        state: { ...state, generation, number: 0, phase: "offering", remoteFragment: undefined },
        effects: [
          { type: "open", generation },
          { type: "make-offer", number: 0 },
        ],
      };
    }
    case "restart":
      return restart(state);
    case "undelivered":
      return become(state.phase === "offered" ? { ...state, phase: "unheard" } : state);
    case "offer-made":
      if (!isCurrent(state, event) || state.phase !== "offering") return become(state);
      return {
        state: { ...state, phase: "offered" },
        effects: [{ type: "send", signal: { t: "offer", ...numbered(state), sdp: event.sdp } }],
      };
    case "answer-made":
      if (!isCurrent(state, event) || state.phase !== "answering") return become(state);
      return {
        state: { ...state, phase: "settled" },
        effects: [{ type: "send", signal: { t: "answer", ...numbered(state), sdp: event.sdp } }],
      };
    case "candidates-found": {
      if (event.generation !== state.generation || state.phase === "idle") return become(state);
      const signal: Signal = { t: "candidates", g: event.generation, u: event.fragment, list: [...event.list] };
      return { state, effects: [{ type: "send", signal }] };
    }
    case "abandoned": {
      if (event.generation !== state.generation || state.phase === "idle") return become(state);
      const signal: Signal = { t: "bye", g: state.generation, reason: event.reason };
      return { state: idle(state), effects: [{ type: "send", signal }, { type: "close" }] };
    }
    case "signal":
      return handleSignal(state, event.signal);
  }
}

/** Also where a restart of ours waits for its answer: it may be lost, or the network has changed again meanwhile. */
function restart(state: NegotiationState): NegotiationStep {
  const number = state.number + 1;
  const isDue = state.phase === "settled" || isOut(state);
  if (!state.restart || !isDue || !Number.isSafeInteger(number)) return become(state);
  return { state: { ...state, number, phase: "offering" }, effects: [{ type: "make-offer", number }] };
}

function isOut({ phase }: NegotiationState): boolean {
  return phase === "offered" || phase === "unheard";
}

function isCurrent(state: NegotiationState, made: { generation: number; number: number }): boolean {
  return made.generation === state.generation && made.number === state.number;
}

/** Where an offer or answer belongs, as signals say it. */
function numbered({ generation, number }: NegotiationState): { g: number; n?: number } {
  return { g: generation, ...(number === 0 ? {} : { n: number }) };
}

function handleSignal(state: NegotiationState, signal: Signal): NegotiationStep {
  switch (signal.t) {
    case "offer":
      return handleOffer(state, { generation: signal.g, number: signal.n ?? 0, sdp: signal.sdp });
    case "answer":
      // Only what answers the offer that is out; an answer to one we gave up is as stale as its generation.
      if (!isCurrent(state, { generation: signal.g, number: signal.n ?? 0 })) return become(state);
      if (!isOut(state)) return become(state);
      return describe({ ...state, phase: "settled" }, [{ type: "take-answer", sdp: signal.sdp }], signal.sdp);
    case "candidates":
      return handleCandidates(state, { generation: signal.g, fragment: signal.u, list: signal.list });
    case "bye":
      // One of a generation we have left behind is late; one ahead of ours says that ours is left behind.
      if (state.phase === "idle" || signal.g < state.generation) return become(state);
      return { state: { ...idle(state), generation: signal.g }, effects: [{ type: "close" }] };
  }
}

function idle(state: NegotiationState): NegotiationState {
  return { ...state, phase: "idle", remoteFragment: undefined };
}

interface RemoteOffer {
  readonly generation: number;
  readonly number: number;
  readonly sdp: string;
}

function handleOffer(state: NegotiationState, offer: RemoteOffer): NegotiationStep {
  if (offer.generation < state.generation) return become(state);
  if (offer.generation > state.generation) return answer(state, offer, "fresh");
  // We gave this generation up; or the offer was held back on its way, and is of a connection that has moved on. Taking it
  // would break the one that works.
  if (state.phase === "idle" || offer.number < state.number) return become(state);
  if (offer.number > state.number) return state.restart ? answer(state, offer, "same") : become(state);
  const hasCrossed = state.phase === "offering" || isOut(state);
  // Whoever didn't hear ours won't give way to it.
  const givesWay = state.polite || state.phase === "unheard";
  if (!hasCrossed || !givesWay) return become(state);
  // Where the engine can't roll its own offer back, a fresh connection of the same generation takes its place.
  return answer(state, offer, state.rollback ? "same" : "fresh");
}

function answer(state: NegotiationState, offer: RemoteOffer, on: "fresh" | "same"): NegotiationStep {
  const { generation, number, sdp } = offer;
  const opening: NegotiationEffect[] = on === "fresh" ? [{ type: "open", generation }] : [];
  const answering: NegotiationState = { ...state, generation, number, phase: "answering" };
  return describe(answering, [...opening, { type: "make-answer", number, sdp }], sdp);
}

/** A remote description is in force from here on: the candidates that waited for it follow it. */
function describe(state: NegotiationState, effects: readonly NegotiationEffect[], sdp: string): NegotiationStep {
  const remoteFragment = fragmentOf(sdp);
  const due = state.held.filter((held) => held.generation === state.generation && held.fragment === remoteFragment);
  const held = state.held.filter((other) => other.generation >= state.generation && !due.includes(other));
  const additions = due.map(({ list }): NegotiationEffect => ({ type: "add-candidates", list }));
  const given = due.reduce((sum, { list }) => sum + weightOf(list), 0);
  return { state: { ...state, remoteFragment, held, given }, effects: [...effects, ...additions] };
}

function handleCandidates(state: NegotiationState, found: HeldCandidates): NegotiationStep {
  if (found.generation < state.generation) return become(state);
  if (found.generation === state.generation && found.fragment === state.remoteFragment) return give(state, found.list);
  const held = [...state.held, found];
  while (held.reduce((sum, { list }) => sum + weightOf(list), 0) > heldCandidatesMost) held.shift();
  return become({ ...state, held });
}

function give(state: NegotiationState, list: readonly Candidate[]): NegotiationStep {
  const given = state.given + weightOf(list);
  if (given > givenCandidatesMost) return become(state);
  return { state: { ...state, given }, effects: [{ type: "add-candidates", list }] };
}

/** The end of candidates is an empty list, and costs something as well. */
function weightOf(list: readonly Candidate[]): number {
  return Math.max(1, list.length);
}

/** The ICE user fragment of a description (RFC 8839 §5.4). */
export function fragmentOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
}
