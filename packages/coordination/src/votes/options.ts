import type { Ed25519, Identity, PeerId, RandomBytes, Rejected } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { CastBallot, MissingReason } from "./core/ballot-box.js";
import type { Choice, Rule } from "./core/rule.js";
import type { Proposal } from "./proposal.js";

/** Who signs what we propose and vote. */
export interface VotesOptions {
  /** Signs our proposals and ballots. Has to be the one that the messenger's id is of. */
  readonly identity: Identity;
  /** Default: the platform's, as all of these. */
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  readonly ed25519?: Ed25519;
}

/** Who is asked, what decides, and until when. */
export interface ProposeOptions {
  /** Default `majority`. */
  readonly rule?: Rule;
  /** Who is asked. Default: everyone who can be reached now, and ourselves. It is fixed from then on. */
  readonly electorate?: readonly PeerId[];
  /** Our own ballot, where we are an elector. Default `yes`. */
  readonly ballot?: Choice;
  /** How long to wait for ballots. Default 30,000. */
  readonly timeoutMs?: number;
  /** Takes the proposal back. */
  readonly signal?: AbortSignal;
}

/** What came of a proposal. */
export interface Outcome {
  readonly end: "accepted" | "rejected" | "timed-out";
  readonly proposal: Proposal;
  /** Who voted, and how. */
  readonly ballots: ReadonlyMap<PeerId, Choice>;
  /** Who didn't, or counts as such, and why. */
  readonly missing: ReadonlyMap<PeerId, MissingReason>;
  /**
   * What proves it to anyone (`verifyCertificate`). Undefined where it timed out, or was rejected since too many had left:
   * that nobody can prove.
   */
  readonly certificate: Uint8Array | undefined;
}

/** What whoever decides is told beside the proposal's body. */
export interface DecisionContext {
  readonly proposal: Proposal;
  /** Fires when the ballot would come too late, or we close. */
  readonly signal: AbortSignal;
}

/**
 * Why something wasn't believed, beside the codes of rejections (`forged`, `malformed`, …). `not-proposer`: somebody else
 * sent it · `not-elector`: the ballot is of nobody who was asked, or we weren't · `altered`: the proposer showed us another
 * proposal under the same nonce · `unknown-proposal`: a ballot on nothing of ours · `contradicted`: the outcome isn't what
 * its certificate says.
 */
export type VoteRefusalReason =
  | Rejected["code"]
  | "not-proposer"
  | "not-elector"
  | "altered"
  | "unknown-proposal"
  | "contradicted";

/** What was turned away of a peer's, and why. */
export interface VoteRefusal {
  readonly from: PeerId;
  readonly reason: VoteRefusalReason;
  /** What was said: signed, where it was, so that it can be shown to others. */
  readonly claim: unknown;
}

/** What votes tell, by the events' names. */
export type VotesEvents = {
  /** A proposal on which we were asked has an outcome, as its proposer says; `isProven`: and as its certificate shows. */
  outcome: {
    readonly from: PeerId;
    readonly proposal: Proposal;
    readonly end: "accepted" | "rejected" | "timed-out" | "withdrawn";
    readonly isProven: boolean;
    readonly certificate: Uint8Array | undefined;
  };
  /** Somebody voted in two ways: both ballots are signed. */
  doubled: { readonly voter: PeerId; readonly proposal: Proposal; readonly ballots: readonly [CastBallot, CastBallot] };
  refused: VoteRefusal;
};
