import {
  equalBytes,
  type Messenger,
  type MessengerPeer,
  type OutputOf,
  type PeerId,
  platformRandom,
  type Schema,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";
import { Rejections } from "../agreement/rejections.js";
import { type Clock, platformClock } from "../clock.js";
import { Emitter } from "../shared/emitter.js";
import { mustHave } from "../shared/must-have.js";
import { byteOf, verifyCertificate } from "./certificate.js";
import type { BallotEnd } from "./core/ballot-box.js";
import type { Choice } from "./core/rule.js";
import type {
  DecisionContext,
  Outcome,
  ProposeOptions,
  VoteRefusal,
  VoteRefusalReason,
  VotesEvents,
  VotesOptions,
} from "./options.js";
import { faultOf, mustBeKind, type Proposal, proposalHash, type SignedProposal } from "./proposal.js";
import { Proposer } from "./proposer.js";
import { votesProtocol } from "./protocol.js";
import { type Asked, Voter } from "./voter.js";

const voteTimeoutMs = 30_000;

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
  readonly #proposer: Proposer;
  readonly #stops: Unsubscribe[];
  #state: "open" | "closed" = "open";

  /** @internal Use {@link createVotes}. */
  constructor(messenger: Messenger, options: VotesOptions) {
    this.#messenger = messenger;
    this.#options = options;
    this.#clock = options.clock ?? platformClock;
    this.#voter = new Voter(options.identity, this.#clock, options.ed25519);
    this.#proposer = new Proposer({
      messenger,
      clock: this.#clock,
      options,
      doubled: (proposal, ballots) =>
        this.#emitter.emit("doubled", { voter: ballots[0].voter as PeerId, proposal, ballots }),
    });
    this.#stops = [
      messenger.handle(votesProtocol.propose, (signed, from) => this.#asked(signed, from)),
      messenger.handle(votesProtocol.ballot, (ballot, from) => this.#take(ballot, from.id)),
      messenger.handle(votesProtocol.pass, ({ proposal, reason }, from) => {
        this.#proposer.pass(from.id, proposal, reason);
      }),
      messenger.handle(votesProtocol.outcome, (outcome, from) => this.#conclude(outcome, from.id)),
      messenger.onPeer((event) => this.#proposer.meet(event)),
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

  /** Listens for an event; gives what ends that. */
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
    const signed = await this.#proposer.sign(proposal);
    this.#mustBeOpen();
    const vote = this.#proposer.begin(proposal, signed);
    const withdraw = (): void => vote.feed({ type: "withdraw" });
    signal?.addEventListener("abort", withdraw, { once: true });
    await this.#proposer.ask(vote, ballot);
    const end = await vote.ended;
    signal?.removeEventListener("abort", withdraw);
    this.#proposer.announce(vote, end);
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
    this.#proposer.close();
    this.#emitter.clear();
  }

  /** The same as `close`, for `await using`. */
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

  async #take(claim: BallotBody, voter: PeerId): Promise<void> {
    const refused = await this.#proposer.take(voter, claim);
    if (refused !== undefined) this.#refuse(voter, refused, claim);
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
  mustHave("createVotes", options, "identity", "loadIdentity");
  if (options.identity.id !== messenger.id) {
    throw new SkeinError(
      "bad-argument",
      "Ballots are signed by who sends them: pass the `identity` that it joined with.",
    );
  }
  return new Votes(messenger, options);
}
