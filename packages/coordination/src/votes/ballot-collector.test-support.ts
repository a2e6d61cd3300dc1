import { decode, type Ed25519, type PeerId, peerIdOf, toBase64Url } from "@skein/protocol";
import type { MemoryMessenger } from "../simulation/memory-network.test-support.js";
import { encodeCertificate, verifyBallot, verifyCertificate } from "./certificate.js";
import type { CastBallot } from "./core/ballot-box.js";
import type { Choice } from "./core/rule.js";
import { proposalHash, type SignedProposal } from "./proposal.js";
import { votesProtocol } from "./protocol.js";

type BallotBody = { readonly proposal: Uint8Array; readonly choice: Choice; readonly s: Uint8Array };

type OutcomeBody = { readonly proposal: Uint8Array; readonly certificate?: Uint8Array };

interface OpenCertificate {
  readonly ballots: readonly { readonly voter: Uint8Array; readonly choice: number; readonly s: Uint8Array }[];
}

/** All proposals and ballots that anybody signed and sent, as those who lie would share them. */
export class BallotCollector {
  readonly #ed25519: Ed25519;
  readonly #proposals = new Map<string, SignedProposal>();
  /** By proposal, voter and choice. */
  readonly #ballots = new Map<string, Map<PeerId, Map<Choice, CastBallot>>>();
  /** What honest proposers proved, by proposal. */
  readonly told = new Map<string, string>();
  contradictions = 0;

  constructor(ed25519: Ed25519) {
    this.#ed25519 = ed25519;
  }

  /** Collects what comes to this messenger, before whoever handles it. */
  overhear(messenger: MemoryMessenger): void {
    const handle = messenger.handle.bind(messenger);
    messenger.handle = (definition, handler) =>
      handle(definition, async (body: unknown, from: { readonly id: PeerId }) => {
        if (definition.name === votesProtocol.propose.name) this.propose(body as SignedProposal);
        if (definition.name === votesProtocol.ballot.name) await this.cast(from.id, body as BallotBody);
        if (definition.name === votesProtocol.outcome.name) await this.#learn(body as OutcomeBody);
        return (handler as (body: unknown, from: unknown) => unknown)(body, from);
      });
  }

  propose(signed: SignedProposal): void {
    this.#proposals.set(toBase64Url(proposalHash(signed)), signed);
  }

  async cast(voter: PeerId, { proposal, choice, s: signature }: BallotBody): Promise<void> {
    if (!(await verifyBallot(voter, proposal, choice, signature, this.#ed25519))) return;
    const key = toBase64Url(proposal);
    const voters = this.#ballots.get(key) ?? new Map<PeerId, Map<Choice, CastBallot>>();
    const choices = voters.get(voter) ?? new Map<Choice, CastBallot>();
    choices.set(choice, { voter, choice, signature });
    this.#ballots.set(key, voters.set(voter, choices));
  }

  /**
   * Makes of each proposal's ballots one certificate with as many yes as there are, and one with as few. Where both hold, and contradict each
   * other, gives who is convicted by the two: who is in both with different choices. @throws where nobody is
   */
  async convicted(): Promise<ReadonlySet<PeerId>> {
    const convicted = new Set<PeerId>();
    for (const [key, voters] of this.#ballots) {
      const signed = this.#proposals.get(key);
      if (signed === undefined) continue;
      const most = [...voters.values()].map((choices) => choices.get("yes") ?? first(choices));
      const least = [...voters.values()].map(
        (choices) => choices.get("no") ?? choices.get("abstain") ?? first(choices),
      );
      const decisions = [await this.#decision(signed, most), await this.#decision(signed, least)];
      if (decisions[0] === undefined || decisions[1] === undefined || decisions[0] === decisions[1]) continue;
      this.contradictions++;
      const both = most.filter((ballot, i) => ballot.choice !== least[i]?.choice);
      if (both.length === 0) throw new Error("two certificates contradict each other, and nobody signed both ways");
      for (const { voter } of both) convicted.add(voter as PeerId);
    }
    return convicted;
  }

  /** A certificate has ballots that went to nobody else: its proposer's own. */
  async #learn({ proposal, certificate }: OutcomeBody): Promise<void> {
    const read = certificate === undefined ? undefined : decode(certificate);
    if (!read?.ok) return;
    for (const { voter, choice, s } of (read.value as OpenCertificate).ballots) {
      await this.cast(peerIdOf(voter), { proposal, choice: (["no", "yes", "abstain"] as const)[choice] ?? "no", s });
    }
  }

  async #decision(signed: SignedProposal, ballots: readonly CastBallot[]): Promise<string | undefined> {
    const proof = await verifyCertificate(encodeCertificate(signed, ballots), { ed25519: this.#ed25519 });
    return proof.ok ? proof.value.decision : undefined;
  }
}

function first(choices: ReadonlyMap<Choice, CastBallot>): CastBallot {
  return choices.values().next().value as CastBallot;
}
