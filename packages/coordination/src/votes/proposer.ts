import { type Messenger, type MessengerPeerEvent, type PeerId, SkeinError, toBase64Url } from "@skein/protocol";
import type { Clock } from "../clock.js";
import { signBallot, verifyBallot } from "./certificate.js";
import type { BallotEffect, BallotEnd, CastBallot } from "./core/ballot-box.js";
import type { Choice } from "./core/rule.js";
import { OpenVote } from "./open-vote.js";
import type { VoteRefusalReason, VotesOptions } from "./options.js";
import { type Proposal, proposalHash, type SignedProposal, signProposal } from "./proposal.js";
import { votesProtocol } from "./protocol.js";

/** Proposals of ours that are over, and of which a late ballot may still show that somebody voted twice. */
const overMost = 100;

export interface ProposerWorld {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly options: VotesOptions;
  /** Somebody voted in two ways. */
  doubled(proposal: Proposal, ballots: readonly [CastBallot, CastBallot]): void;
}

/** Puts things to the vote: asks who is asked, counts their ballots, and tells them how it ended. */
export class Proposer {
  readonly #world: ProposerWorld;
  /** Open, or over not long ago, by hash. */
  readonly #votes = new Map<string, OpenVote>();

  constructor(world: ProposerWorld) {
    this.#world = world;
  }

  sign(proposal: Proposal): Promise<SignedProposal> {
    return signProposal(this.#world.options.identity, proposal);
  }

  /** Gives it a ballot box. Nobody is asked yet. */
  begin(proposal: Proposal, signed: SignedProposal): OpenVote {
    const tell = (effect: BallotEffect): void => {
      if (effect.type === "doubled") this.#world.doubled(proposal, effect.ballots);
    };
    const vote = new OpenVote(proposal, signed, { clock: this.#world.clock, tell });
    this.#votes.set(toBase64Url(proposalHash(signed)), vote);
    this.#forget();
    return vote;
  }

  /** Casts our own ballot, where we are asked as well, and asks the others. */
  async ask(vote: OpenVote, ballot: Choice): Promise<void> {
    const { electorate } = vote.proposal;
    if (electorate.includes(this.#world.messenger.id)) await this.#castOwn(vote, ballot);
    for (const voter of electorate) this.#askOne(vote, voter);
  }

  /** Counts a ballot; gives why not, where it is none. */
  async take(
    voter: PeerId,
    { proposal, choice, s }: { readonly proposal: Uint8Array; readonly choice: Choice; readonly s: Uint8Array },
  ): Promise<VoteRefusalReason | undefined> {
    const vote = this.#find(proposal);
    if (vote === undefined) return "unknown-proposal";
    if (!vote.proposal.electorate.includes(voter)) return "not-elector";
    if (!(await verifyBallot(voter, proposal, choice, s, this.#world.options.ed25519))) return "forged";
    vote.feed({ type: "ballot", ballot: { voter, choice, signature: s } });
    return undefined;
  }

  /** An elector says that it doesn't vote. */
  pass(voter: PeerId, proposal: Uint8Array, reason: "no-handler" | "handler-failed"): void {
    this.#find(proposal)?.feed({ type: "absent", voter, reason });
  }

  meet({ type, peer }: MessengerPeerEvent): void {
    for (const vote of this.#votes.values()) {
      if (!vote.isOpen) continue;
      if (type === "gone") vote.feed({ type: "absent", voter: peer.id, reason: "gone" });
      if (type !== "reachable") continue;
      vote.feed({ type: "back", voter: peer.id });
      this.#askOne(vote, peer.id);
    }
  }

  /** Tells those who were asked. */
  announce(vote: OpenVote, end: BallotEnd): void {
    const { messenger } = this.#world;
    const certificate = end === "withdrawn" ? undefined : vote.outcome(end).certificate;
    const body = { proposal: proposalHash(vote.signed), end, ...(certificate === undefined ? {} : { certificate }) };
    for (const id of vote.proposal.electorate) {
      if (id !== messenger.id) messenger.send(id, votesProtocol.outcome, body).catch(() => {});
    }
  }

  /** Takes back what is open. */
  close(): void {
    for (const vote of this.#votes.values()) vote.feed({ type: "withdraw" });
  }

  /** Of those that are over, the latest are kept. */
  #forget(): void {
    const over = [...this.#votes].filter(([, { isOpen }]) => !isOpen);
    for (const [hash] of over.slice(0, Math.max(0, over.length - overMost))) this.#votes.delete(hash);
  }

  async #castOwn(vote: OpenVote, choice: Choice): Promise<void> {
    const { messenger, options } = this.#world;
    const signature = await signBallot(options.identity, proposalHash(vote.signed), choice);
    vote.feed({ type: "ballot", ballot: { voter: messenger.id, choice, signature } });
  }

  #askOne(vote: OpenVote, voter: PeerId): void {
    const { messenger } = this.#world;
    if (voter === messenger.id || !vote.awaits(voter)) return;
    // Whoever isn't there yet is asked when it comes; who doesn't speak of votes can't be.
    messenger.send(voter, votesProtocol.propose, vote.signed).catch((error: unknown) => {
      if (SkeinError.is(error, "protocol-mismatch")) vote.feed({ type: "absent", voter, reason: "no-handler" });
    });
  }

  #find(hash: Uint8Array): OpenVote | undefined {
    return this.#votes.get(toBase64Url(hash));
  }
}
