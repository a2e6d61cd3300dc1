import type { Ed25519, Identity, PeerId } from "@skein/protocol";
import { peerKeyOf } from "@skein/protocol";
import type { ElectionWord, ElectionWordInput } from "./protocol.js";
import { electionDigest, signTerm, type TermVote, verifyTermVote, verifyTermVotes } from "./term-votes.js";

type Lead = Extract<ElectionWord, { t: "lead" }>;
type Answer = Extract<ElectionWord, { t: "answer" }>;

/**
 * What shows that a leader is one, where there are members: each vote is signed, and a leader shows those it has to
 * whoever hears of it for the first time. So a peer can't pass itself off as the leader, unless a majority lies with it.
 */
export class Proofs {
  readonly digest: Uint8Array;
  readonly #members: readonly PeerId[];
  readonly #identity: Identity | undefined;
  readonly #ed25519: Ed25519 | undefined;
  /** The leadership that was shown to us last. */
  #proven = "";
  #votes: { readonly term: number; readonly list: Map<PeerId, TermVote> } = { term: 0, list: new Map() };
  /** For which term each peer has seen our votes. */
  readonly #shown = new Map<PeerId, number>();

  constructor(
    name: string,
    members: readonly PeerId[],
    options: { readonly identity?: Identity | undefined; readonly ed25519?: Ed25519 | undefined },
  ) {
    this.digest = electionDigest(name, members);
    this.#members = members;
    this.#identity = options.identity;
    this.#ed25519 = options.ed25519;
  }

  /** Signs our vote. */
  async vote(term: number, candidate: PeerId): Promise<Uint8Array | undefined> {
    return this.#identity === undefined ? undefined : signTerm(this.#identity, this.digest, term, candidate);
  }

  /** We stand in this term, and vote for ourselves. */
  async begin(term: number, self: PeerId): Promise<void> {
    this.#votes = { term, list: new Map() };
    const signature = await this.vote(term, self);
    if (signature !== undefined && this.#votes.term === term) this.#votes.list.set(self, { voter: self, signature });
  }

  /** Whether a vote for us is what it says; it is kept. */
  async take(voter: PeerId, { term, signature }: Answer, self: PeerId): Promise<boolean> {
    if (signature === undefined) return false;
    const vote = { voter, signature };
    const isGenuine = await verifyTermVote(vote, { election: this.digest, term, candidate: self }, this.#ed25519);
    if (isGenuine && this.#votes.term === term) this.#votes.list.set(voter, vote);
    return isGenuine;
  }

  /** The votes that go with what we tell a peer, where it hasn't seen them. */
  show(
    to: PeerId,
    term: number,
    again: boolean,
  ): NonNullable<Extract<ElectionWordInput, { t: "lead" }>["votes"]> | undefined {
    if (this.#votes.term !== term || (this.#shown.get(to) === term && !again)) return undefined;
    this.#shown.set(to, term);
    return [...this.#votes.list.values()].map(({ voter, signature }) => ({ voter: peerKeyOf(voter), signature }));
  }

  forget(peer: PeerId): void {
    this.#shown.delete(peer);
  }

  /** Whether a claim to lead is proven; `unknown` where it brought no proof, and none was seen before. */
  async check(from: PeerId, { term, votes }: Lead): Promise<"proven" | "unproven" | "unknown"> {
    const key = `${term} ${from}`;
    if (this.#proven === key) return "proven";
    if (votes === undefined) return "unknown";
    const claim = { election: this.digest, term, candidate: from };
    if (!(await verifyTermVotes(votes, this.#members, claim, this.#ed25519))) return "unproven";
    this.#proven = key;
    return "proven";
  }
}
