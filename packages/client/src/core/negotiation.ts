import type { Candidate, Signal } from "@skein/protocol";
import { become, type Step } from "./machine.js";

/**
 * Perfect negotiation (W3C webrtc-pc §10.7) over numbered generations, and the queue for candidates that come before the
 * description they belong to.
 *
 * A generation is one RTCPeerConnection on each side. The side that wants a new one counts up and offers; the other
 * follows. Within a generation two offers that cross are settled by politeness.
 *
 * Invariants:
 * 1. The generation never falls. Signals of an older one change nothing.
 * 2. After two offers of one generation have crossed, both sides follow the impolite side's. Each side makes one offer at
 *    most in a generation, so once settled it takes no other.
 * 3. A candidate is handed to the engine only after the description with its user fragment, and only to the connection of
 *    its generation.
 * 4. What waits is bounded: {@link heldCandidatesMost} candidates, the oldest leave first.
 */
export interface NegotiationState {
  /** Gives way when offers cross: the side with the smaller id. */
  readonly polite: boolean;
  /** The engine takes a remote offer while it has one of its own out (implicit rollback). Otherwise a fresh connection does. */
  readonly rollback: boolean;
  readonly generation: number;
  /**
   * `idle`: no connection · `offering`: the engine makes our offer · `offered`: our offer is out · `answering`: the
   * engine makes our answer · `settled`: both descriptions are in place.
   */
  readonly phase: "idle" | "offering" | "offered" | "answering" | "settled";
  /** The user fragment of the remote description in force. */
  readonly remoteFragment: string | undefined;
  readonly held: readonly HeldCandidates[];
}

export interface HeldCandidates {
  readonly generation: number;
  readonly fragment: string;
  readonly list: readonly Candidate[];
}

export type NegotiationEvent =
  /** We want a new connection. */
  | { readonly type: "dial" }
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "offer-made"; readonly generation: number; readonly sdp: string }
  | { readonly type: "answer-made"; readonly generation: number; readonly sdp: string }
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
  | { readonly type: "make-offer" }
  /** Take the remote offer and make the answer. */
  | { readonly type: "make-answer"; readonly sdp: string }
  | { readonly type: "take-answer"; readonly sdp: string }
  | { readonly type: "add-candidates"; readonly list: readonly Candidate[] }
  | { readonly type: "send"; readonly signal: Signal }
  | { readonly type: "close" };

export const heldCandidatesMost = 256;

/** @param options.generation the last one known of this pair, where it met before under the same keys. */
export function startNegotiation(options: {
  polite: boolean;
  rollback: boolean;
  generation?: number;
}): NegotiationState {
  return { generation: 0, ...options, phase: "idle", remoteFragment: undefined, held: [] };
}

type NegotiationStep = Step<NegotiationState, NegotiationEffect>;

export function stepNegotiation(state: NegotiationState, event: NegotiationEvent): NegotiationStep {
  switch (event.type) {
    case "dial": {
      const generation = state.generation + 1;
      return {
        state: { ...state, generation, phase: "offering", remoteFragment: undefined },
        effects: [{ type: "open", generation }, { type: "make-offer" }],
      };
    }
    case "offer-made":
      if (event.generation !== state.generation || state.phase !== "offering") return become(state);
      return {
        state: { ...state, phase: "offered" },
        effects: [{ type: "send", signal: { t: "offer", g: state.generation, sdp: event.sdp } }],
      };
    case "answer-made":
      if (event.generation !== state.generation || state.phase !== "answering") return become(state);
      return {
        state: { ...state, phase: "settled" },
        effects: [{ type: "send", signal: { t: "answer", g: state.generation, sdp: event.sdp } }],
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

function handleSignal(state: NegotiationState, signal: Signal): NegotiationStep {
  switch (signal.t) {
    case "offer":
      return handleOffer(state, signal.g, signal.sdp);
    case "answer":
      // Only what answers the offer that is out; an answer to one we gave up is as stale as its generation.
      if (signal.g !== state.generation || state.phase !== "offered") return become(state);
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

function handleOffer(state: NegotiationState, generation: number, sdp: string): NegotiationStep {
  if (generation < state.generation) return become(state);
  const answering: NegotiationState = { ...state, generation, phase: "answering" };
  const onFresh: NegotiationEffect[] = [
    { type: "open", generation },
    { type: "make-answer", sdp },
  ];
  if (generation > state.generation) return describe(answering, onFresh, sdp);

  switch (state.phase) {
    case "offering":
    case "offered":
      if (!state.polite) return become(state);
      // Where the engine can't roll its own offer back, a fresh connection of the same generation takes its place.
      return describe(answering, state.rollback ? [{ type: "make-answer", sdp }] : onFresh, sdp);
    case "idle":
    case "answering":
    case "settled":
      // We gave this generation up, or it is this very offer again, or one that crossed ours and was held back on its way:
      // of a connection that the other side has replaced. Taking it would break the one that works.
      return become(state);
  }
}

/** A remote description is in force from here on: the candidates that waited for it follow it. */
function describe(state: NegotiationState, effects: readonly NegotiationEffect[], sdp: string): NegotiationStep {
  const remoteFragment = fragmentOf(sdp);
  const due = state.held.filter((held) => held.generation === state.generation && held.fragment === remoteFragment);
  const held = state.held.filter((other) => other.generation >= state.generation && !due.includes(other));
  const additions = due.map(({ list }): NegotiationEffect => ({ type: "add-candidates", list }));
  return { state: { ...state, remoteFragment, held }, effects: [...effects, ...additions] };
}

function handleCandidates(state: NegotiationState, found: HeldCandidates): NegotiationStep {
  if (found.generation < state.generation) return become(state);
  if (found.generation === state.generation && found.fragment === state.remoteFragment) {
    return { state, effects: [{ type: "add-candidates", list: found.list }] };
  }
  const held = [...state.held, found];
  while (held.reduce((sum, { list }) => sum + Math.max(1, list.length), 0) > heldCandidatesMost) held.shift();
  return become({ ...state, held });
}

/** The ICE user fragment of a description (RFC 8839 §5.4). */
export function fragmentOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
}
