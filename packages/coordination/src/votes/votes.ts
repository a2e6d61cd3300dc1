import {
  equalBytes,
  type Messenger,
  type MessengerPeer,
  type MessengerPeerEvent,
  type OutputOf,
  type PeerId,
  platformRandom,
  type Schema,
  SkeinError,
  toBase64Url,
  type Unsubscribe,
} from "@skein/protocol";
import { Rejections } from "../agreement/rejections.js";
import { type Clock, platformClock } from "../clock.js";
import { Emitter } from "../shared/emitter.js";
import { byteOf, signBallot, verifyBallot, verifyCertificate } from "./certificate.js";
import type { BallotEffect, BallotEnd } from "./core/ballot-box.js";
import type { Choice } from "./core/rule.js";
import { OpenVote } from "./open-vote.js";
import type {
  DecisionContext,
  Outcome,
  ProposeOptions,
  VoteRefusal,
  VoteRefusalReason,
  VotesEvents,
  VotesOptions,
} from "./options.js";
import { faultOf, mustBeKind, type Proposal, proposalHash, type SignedProposal, signProposal } from "./proposal.js";
import { votesProtocol } from "./protocol.js";
import { type Asked, Voter } from "./voter.js";

const voteTimeoutMs = 30_000;
/** Proposals of ours that are over, and of which a late ballot may still show that somebody voted twice. */
const overMost = 100;

type BallotBody = { readonly proposal: Uint8Array; readonly choice: Choice; readonly s: Uint8Array };
type OutcomeBody = {
  readonly proposal: Uint8Array;
  readonly end: BallotEnd;
  readonly certificate?: Uint8Array | undefined;
};

/** Proposals, ballots and their outcomes. Made by {@link createVotes}. */
export class Votes implements AsyncDisposable {
  readonly #messenger: Messenger;
  readonly #options: VotesOptions;
  readonly #clock: Clock;
  readonly #voter: Voter;
  readonly #emitter = new Emitter<VotesEvents>();
  readonly #rejections = new Rejections<VoteRefusal>();
  /** Ours, open or over not long ago, by hash. */
  readonly #ours = new Map<string, OpenVote>();
  readonly #stops: Unsubscribe[];
  #state: "open" | "closed" = "open";

  /** @internal Use {@link createVotes}. */
  constructor(messenger: Messenger, options: VotesOptions) {
    this.#messenger = messenger;
    this.#options = options;
    this.#clock = options.clock ?? platformClock;
    this.#voter = new Voter(options.identity, this.#clock, options.ed25519);
    this.#stops = [
      messenger.handle(votesProtocol.propose, (signed, from) => this.#asked(signed, from)),
      messenger.handle(votesProtocol.ballot, (ballot, from) => this.#take(ballot, from.id)),
      messenger.handle(votesProtocol.pass, ({ proposal, reason }, from) => {
        this.#find(proposal)?.feed({ type: "absent", voter: from.id, reason });
      }),
      messenger.handle(votesProtocol.outcome, (outcome, from) => this.#conclude(outcome, from.id)),
      messenger.onPeer((event) => this.#meet(event)),
    ];
  }

  /** How often something wasn't believed, by reason. */
  get refused(): Readonly<Record<string, number>> {
    return this.#rejections.counts;
  }

  /** The latest hundred of them. */
  get evidence(): readonly VoteRefusal[] {
    return this.#rejections.latest;
  }

  on<Name extends keyof VotesEvents>(name: Name, listener: (event: VotesEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /**
   * Puts something to the vote. Resolves as soon as the rest can't change it, or when the time is over.
   * @throws {SkeinError} `bad-argument`, `bad-body`, `too-large`, `aborted`, `closed`
   * @example
   * const { end, certificate } = await votes.propose("acme.index-keeper", { keeper: room.id }, { rule: "majority" });
   */
  async propose(kind: string, body: unknown, options: ProposeOptions = {}): Promise<Outcome> {
    this.#mustBeOpen();
    mustBeKind(kind);
    const { signal, ballot = "yes" } = options;
    if (signal?.aborted) throw withdrawn();
    const proposal = this.#proposal(kind, body, options);
    const signed = await signProposal(this.#options.identity, proposal);
    this.#mustBeOpen();
    const vote = this.#begin(proposal, signed);
    const withdraw = (): void => vote.feed({ type: "withdraw" });
    signal?.addEventListener("abort", withdraw, { once: true });
    if (proposal.electorate.includes(this.#messenger.id)) await this.#castOwn(vote, ballot);
    for (const voter of proposal.electorate) this.#ask(vote, voter);
    const end = await vote.ended;
    signal?.removeEventListener("abort", withdraw);
    this.#announce(vote, end);
    if (end !== "withdrawn") return vote.outcome(end);
    throw this.#state === "closed" ? closed() : withdrawn();
  }

  /**
   * Decides on proposals of a kind: `yes`, `no` or `abstain`, or true and false. Each is decided once, and the ballot can't be
   * taken back. Where it throws, or the body doesn't fit, we count as not voting.
   * @throws {SkeinError} `bad-argument` where the kind has somebody to decide already, `closed`
   */
  onProposal<S extends Schema>(
    kind: string,
    schema: S,
    decide: (body: OutputOf<S>, context: DecisionContext) => Choice | boolean | Promise<Choice | boolean>,
  ): Unsubscribe {
    this.#mustBeOpen();
    mustBeKind(kind);
    return this.#voter.add(kind, schema, (body, context) => decide(body as OutputOf<S>, context));
  }

  /** Takes our open proposals back, and decides on nothing any more. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const stop of this.#stops) stop();
    this.#voter.close();
    for (const vote of this.#ours.values()) vote.feed({ type: "withdraw" });
    this.#emitter.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #proposal(kind: string, body: unknown, options: ProposeOptions): Proposal {
    const { rule = "majority", timeoutMs = voteTimeoutMs } = options;
    const here = [...this.#messenger.peers.values()].filter(isReachable).map(({ id }) => id);
    const electorate = options.electorate ?? [this.#messenger.id, ...here];
    const nonce = (this.#options.random ?? platformRandom)(16);
    const proposal = { kind, body, rule, electorate, proposer: this.#messenger.id, nonce, timeoutMs };
    const fault =
      Number.isSafeInteger(timeoutMs) && timeoutMs > 0 ? faultOf(proposal) : "a vote's time is a whole number";
    if (fault !== undefined) throw new SkeinError("bad-argument", `This can't be put to the vote: ${fault}.`);
    return proposal;
  }

  #begin(proposal: Proposal, signed: SignedProposal): OpenVote {
    const tell = (effect: BallotEffect): void => this.#report(proposal, effect);
    const vote = new OpenVote(proposal, signed, { clock: this.#clock, tell });
    this.#ours.set(toBase64Url(proposalHash(signed)), vote);
    this.#forget();
    return vote;
  }

  /** Of those that are over, the latest are kept. */
  #forget(): void {
    const over = [...this.#ours].filter(([, { isOpen }]) => !isOpen);
    for (const [hash] of over.slice(0, Math.max(0, over.length - overMost))) this.#ours.delete(hash);
  }

  async #castOwn(vote: OpenVote, choice: Choice): Promise<void> {
    const signature = await signBallot(this.#options.identity, proposalHash(vote.signed), choice);
    vote.feed({ type: "ballot", ballot: { voter: this.#messenger.id, choice, signature } });
  }

  #ask(vote: OpenVote, voter: PeerId): void {
    if (voter === this.#messenger.id || !vote.awaits(voter)) return;
    // Whoever isn't there yet is asked when it comes; who doesn't speak of votes can't be.
    this.#messenger.send(voter, votesProtocol.propose, vote.signed).catch((error: unknown) => {
      if (SkeinError.is(error, "protocol-mismatch")) vote.feed({ type: "absent", voter, reason: "no-handler" });
    });
  }

  #announce(vote: OpenVote, end: BallotEnd): void {
    const certificate = end === "withdrawn" ? undefined : vote.outcome(end).certificate;
    const body = { proposal: proposalHash(vote.signed), end, ...(certificate === undefined ? {} : { certificate }) };
    for (const id of vote.proposal.electorate) {
      if (id !== this.#messenger.id) this.#messenger.send(id, votesProtocol.outcome, body).catch(() => {});
    }
  }

  #meet({ type, peer }: MessengerPeerEvent): void {
    for (const vote of this.#ours.values()) {
      if (!vote.isOpen) continue;
      if (type === "gone") vote.feed({ type: "absent", voter: peer.id, reason: "gone" });
      if (type !== "reachable") continue;
      vote.feed({ type: "back", voter: peer.id });
      this.#ask(vote, peer.id);
    }
  }

  /** Somebody puts something to the vote. */
  async #asked(signed: SignedProposal, from: MessengerPeer): Promise<void> {
    const result = await this.#voter.ask(signed, from.id);
    if ("refused" in result) {
      const claim = result.earlier === undefined ? signed : [result.earlier, signed];
      return this.#refuse(from.id, result.refused, claim);
    }
    // The handler doesn't wait for whoever decides: other words of this peer come behind.
    void this.#reply(from.id, result.answer);
  }

  async #reply(to: PeerId, pending: Asked["answer"]): Promise<void> {
    const answer = await pending;
    if (this.#state === "closed") return;
    const { proposal } = answer;
    const sent =
      answer.t === "pass"
        ? this.#messenger.send(to, votesProtocol.pass, { proposal, reason: answer.reason })
        : this.#messenger.send(to, votesProtocol.ballot, { proposal, choice: byteOf(answer.choice), s: answer.s });
    // A proposer that is gone asks again when it is back.
    sent.catch(() => {});
  }

  async #take({ proposal, choice, s }: BallotBody, voter: PeerId): Promise<void> {
    const claim = { proposal, choice, s };
    const vote = this.#find(proposal);
    if (vote === undefined) return this.#refuse(voter, "unknown-proposal", claim);
    if (!vote.proposal.electorate.includes(voter)) return this.#refuse(voter, "not-elector", claim);
    const isGenuine = await verifyBallot(voter, proposal, choice, s, this.#options.ed25519);
    if (!isGenuine) return this.#refuse(voter, "forged", claim);
    vote.feed({ type: "ballot", ballot: { voter, choice, signature: s } });
  }

  /** A proposer tells how it ended. */
  async #conclude({ proposal: hash, end, certificate }: OutcomeBody, from: PeerId): Promise<void> {
    const asked = this.#voter.find(hash);
    const claim = { proposal: hash, end, certificate };
    if (asked === undefined || asked.proposal.proposer !== from) return this.#refuse(from, "unknown-proposal", claim);
    const proof = await this.#proofOf(asked, certificate);
    const isContradicted = proof !== undefined && proof !== end;
    if (isContradicted) return this.#refuse(from, "contradicted", claim);
    const { proposal } = asked;
    this.#emitter.emit("outcome", { from, proposal, end, isProven: proof === end, certificate });
  }

  /** What a certificate shows of this very proposal; `nothing` where it shows nothing. */
  async #proofOf(
    { signed }: Asked,
    certificate: Uint8Array | undefined,
  ): Promise<"accepted" | "rejected" | "nothing" | undefined> {
    if (certificate === undefined) return undefined;
    const { ed25519 } = this.#options;
    const read = await verifyCertificate(certificate, ed25519 === undefined ? {} : { ed25519 });
    // Of another proposal: under the same nonce, or none of that proposer's at all.
    return read.ok && equalBytes(read.value.hash, proposalHash(signed)) ? read.value.decision : "nothing";
  }

  #report(proposal: Proposal, effect: BallotEffect): void {
    if (effect.type !== "doubled") return;
    const voter = effect.ballots[0].voter as PeerId;
    this.#emitter.emit("doubled", { voter, proposal, ballots: effect.ballots });
  }

  #find(hash: Uint8Array): OpenVote | undefined {
    return this.#ours.get(toBase64Url(hash));
  }

  #refuse(from: PeerId, reason: VoteRefusalReason, claim: unknown): void {
    const refusal = { from, reason, claim };
    this.#rejections.add(refusal);
    this.#emitter.emit("refused", refusal);
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw closed();
  }
}

function closed(): SkeinError {
  return new SkeinError("closed", "These votes were closed: create others.");
}

function withdrawn(): SkeinError {
  return new SkeinError("aborted", "The proposal was taken back.");
}

/** Some messengers list peers before messages can go there. */
function isReachable({ state }: MessengerPeer): boolean {
  return state === undefined || state === "connected";
}

/**
 * Votes among those who reach each other: one proposes, everyone asked answers with a signed ballot, and the outcome can be
 * proven to anyone.
 *
 * @throws {SkeinError} `bad-argument`
 * @example
 * const votes = createVotes(room, { identity });
 * votes.onProposal("acme.index-keeper", v.object({ keeper: v.string() }), ({ keeper }) => knows(keeper));
 * const { end } = await votes.propose("acme.index-keeper", { keeper: room.id });
 */
export function createVotes(messenger: Messenger, options: VotesOptions): Votes {
  if (options.identity.id !== messenger.id) {
    throw new SkeinError(
      "bad-argument",
      "Ballots are signed by who sends them: pass the `identity` that it joined with.",
    );
  }
  return new Votes(messenger, options);
}
