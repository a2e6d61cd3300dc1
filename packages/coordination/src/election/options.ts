import type { Ed25519, Identity, PeerId } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { ElectionMemory } from "./core/state.js";

/** Where a member keeps what it must not forget. `save` resolves once it is safe, and is awaited before the vote is sent. */
export interface ElectionStore {
  /** What was saved last; undefined where nothing was. */
  load(): Promise<ElectionMemory | undefined>;
  /** Keeps it. Resolves when it would outlast a crash, not before. */
  save(memory: ElectionMemory): Promise<void>;
}

/** Who may lead, who outranks whom, and what a majority is of. */
export interface ElectionOptions {
  /** Several elections may run over one messenger: each by a name of its own. Default `leader`. */
  readonly name?: string;
  /** The higher leads. Default 0. */
  readonly score?: number;
  /** Of the same score, who started first leads. Milliseconds since 1970; default: now, by the wall clock. */
  readonly startedMs?: number;
  /** False for one that only follows, and votes where it is a member. Default true. */
  readonly candidate?: boolean;
  /** Whether we ask a leader of a lower rank to make way. Default false: who leads goes on until it is lost. */
  readonly takeover?: boolean;
  /**
   * Of whom a majority must agree: then at most one leads at any time, and none in a part of the room that holds no
   * majority. The same ids everywhere, fixed for as long as the election is in use, up to 255. Without it each part of a
   * divided room has a leader of its own.
   */
  readonly quorum?: readonly PeerId[];
  /** Signs our votes; needed where we are of the `quorum`, and has to be the one that the messenger's id is of. */
  readonly identity?: Identity;
  /** Needed wherever a member may start again under the same identity, or the terms that it took part in may come twice. */
  readonly store?: ElectionStore;
  /** How often a leader says that it is there; the same everywhere. A silent one is replaced within three. Default 1,000. */
  readonly beatMs?: number;
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly ed25519?: Ed25519;
}

/** Who leads, and in which term. */
export interface Leader {
  readonly id: PeerId;
  readonly term: number;
}

/**
 * Why something wasn't believed, beside what the core finds. `forged`: a vote that its voter didn't sign · `unproven`: it
 * claims to lead without a majority's votes · `other-quorum`: its election has other members than ours.
 */
export type ElectionRefusalReason =
  | "far-term"
  | "not-candidate"
  | "not-member"
  | "second-leader"
  | "rank-changed"
  | "forged"
  | "unproven"
  | "other-quorum";

/** What somebody said that wasn't believed. */
export interface ElectionRefusal {
  readonly from: PeerId;
  readonly reason: ElectionRefusalReason;
  /** What it said. */
  readonly claim: unknown;
}

/** What an election tells, by the events' names. */
export type ElectionEvents = {
  /** Another leads, or nobody does that we know of. */
  leader: Leader | undefined;
  /** We lead, from now on. The token goes with all that we do as the leader. */
  elected: { readonly term: number; readonly token: string };
  /** We lead no more. */
  deposed: { readonly term: number };
  refused: ElectionRefusal;
};
