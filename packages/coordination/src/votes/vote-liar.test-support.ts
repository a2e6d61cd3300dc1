import type { Identity, PeerId } from "@skein/protocol";
import type { MemoryMessenger } from "../simulation/memory-network.test-support.js";
import type { Random } from "../simulation/random.test-support.js";
import type { BallotCollector } from "./ballot-collector.test-support.js";
import { byteOf, signBallot } from "./certificate.js";
import type { Choice } from "./core/rule.js";
import { type Proposal, proposalHash, type SignedProposal, signProposal } from "./proposal.js";
import { votesProtocol } from "./protocol.js";

const choices: readonly Choice[] = ["yes", "no", "abstain"];

/** Votes in several ways, for others, on what is long over; proposes in others' names, and to each something else. */
export class VoteLiar {
  readonly #messenger: MemoryMessenger;
  readonly #identity: Identity;
  readonly #collector: BallotCollector;
  readonly #random: Random;
  readonly #asked: { readonly signed: SignedProposal; readonly from: PeerId }[] = [];

  constructor(messenger: MemoryMessenger, identity: Identity, collector: BallotCollector, random: Random) {
    this.#messenger = messenger;
    this.#identity = identity;
    this.#collector = collector;
    this.#random = random;
    collector.overhear(messenger);
    messenger.handle(votesProtocol.propose, (signed: unknown, from: { readonly id: PeerId }) => {
      this.#asked.push({ signed: signed as SignedProposal, from: from.id });
      void this.#vote();
    });
    for (const heard of ["ballot", "pass", "outcome"] as const) messenger.handle(votesProtocol[heard], () => {});
  }

  lie(electorate: readonly PeerId[]): void {
    const lies = [this.#vote, this.#forge, this.#passOn, () => this.#propose(electorate), this.#tell];
    void this.#random.pick(lies).call(this);
  }

  /** On the latest proposal, and again, as it likes. */
  async #vote(): Promise<void> {
    const asked = this.#asked.at(-1);
    if (asked === undefined) return;
    const proposal = proposalHash(asked.signed);
    for (const choice of this.#random.chance(0.5) ? (["yes", "no"] as const) : [this.#random.pick(choices)]) {
      const s = await signBallot(this.#identity, proposal, choice);
      await this.#collector.cast(this.#messenger.id, { proposal, choice, s });
      this.#send(asked.from, votesProtocol.ballot, { proposal, choice: byteOf(choice), s });
    }
  }

  /** A ballot for another proposal, under this one's name. */
  async #forge(): Promise<void> {
    const [first, last] = [this.#asked[0], this.#asked.at(-1)];
    if (first === undefined || last === undefined) return;
    const s = await signBallot(this.#identity, proposalHash(first.signed), "yes");
    const proposal = proposalHash(last.signed);
    this.#send(last.from, votesProtocol.ballot, { proposal, choice: 0, s });
    this.#send(last.from, votesProtocol.ballot, { proposal: this.#random.bytes(32), choice: 1, s });
  }

  /** Another's proposal. */
  async #passOn(): Promise<void> {
    const asked = this.#asked.at(-1);
    if (asked === undefined) return;
    for (const to of this.#messenger.peers.keys()) this.#send(to, votesProtocol.propose, asked.signed);
  }

  /** Under one nonce to some the one, to others the other: another electorate, or another body. */
  async #propose(electorate: readonly PeerId[]): Promise<void> {
    const common = { kind: "acme.keeper", rule: "majority", proposer: this.#messenger.id, timeoutMs: 1_000 } as const;
    const nonce = this.#random.bytes(16);
    const one: Proposal = { ...common, nonce, electorate, body: { keeper: "ada" } };
    const other = this.#random.chance(0.5)
      ? { ...one, electorate: electorate.slice(1) }
      : { ...one, body: { keeper: "ben" } };
    const both = [await signProposal(this.#identity, one), await signProposal(this.#identity, other)];
    for (const signed of both) this.#collector.propose(signed);
    for (const to of this.#messenger.peers.keys()) {
      this.#send(to, votesProtocol.propose, this.#random.pick(both));
      if (this.#random.chance(0.3)) this.#send(to, votesProtocol.propose, this.#random.pick(both));
    }
  }

  /** An outcome that isn't its to tell. */
  async #tell(): Promise<void> {
    const asked = this.#asked.at(-1);
    if (asked === undefined) return;
    const outcome = { proposal: proposalHash(asked.signed), end: "accepted" as const };
    for (const to of this.#messenger.peers.keys()) this.#send(to, votesProtocol.outcome, outcome);
  }

  #send(to: PeerId, definition: object, body: unknown): void {
    this.#messenger.send(to, definition as Parameters<MemoryMessenger["send"]>[1], body).catch(() => {});
  }
}
