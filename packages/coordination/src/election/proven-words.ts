import type { PeerId } from "@skein/protocol";
import type { Message } from "./core/state.js";
import type { ElectionOptions, ElectionRefusalReason } from "./options.js";
import { Proofs } from "./proofs.js";
import type { ElectionWord, ElectionWordInput } from "./protocol.js";
import { sameDigest } from "./term-votes.js";

/** What came of a peer's word: the core may take it · nobody has to believe it · it was never shown what would prove it. */
export type Heard =
  | { readonly as: "believed"; readonly message: Message }
  | { readonly as: "refused"; readonly reason: ElectionRefusalReason }
  | { readonly as: "unknown" };

/** Between the core, which trusts what it is told, and the wire: puts proofs to what we say, and holds what others say against theirs. */
export class ProvenWords {
  readonly #topic: string;
  readonly #self: PeerId;
  /** Undefined where there are no members: nothing is proven there. */
  readonly #proofs: Proofs | undefined;

  constructor(topic: string, self: PeerId, options: ElectionOptions) {
    const { quorum } = options;
    this.#topic = topic;
    this.#self = self;
    this.#proofs = quorum === undefined ? undefined : new Proofs(topic, quorum, options);
  }

  /** We stand in this term. */
  async begin(term: number): Promise<void> {
    await this.#proofs?.begin(term, this.#self);
  }

  /** It is gone: when it is back, it is shown again what proves that we lead. */
  forget(peer: PeerId): void {
    this.#proofs?.forget(peer);
  }

  async hear(word: ElectionWord, from: PeerId): Promise<Heard> {
    const believed: Heard = { as: "believed", message: word };
    const proofs = this.#proofs;
    if (word.t === "hello") {
      return sameDigest(word.members, proofs?.digest) ? believed : { as: "refused", reason: "other-quorum" };
    }
    if (proofs === undefined) return believed;
    if (word.t === "answer" && word.yes && !(await proofs.take(from, word, this.#self))) {
      return { as: "refused", reason: "forged" };
    }
    if (word.t !== "lead") return believed;
    switch (await proofs.check(from, word)) {
      case "proven":
        return believed;
      case "unproven":
        return { as: "refused", reason: "unproven" };
      case "unknown":
        return { as: "unknown" };
    }
  }

  /** The message as it travels. */
  async say(to: PeerId, message: Message, isAnswer: boolean): Promise<ElectionWordInput> {
    const word = { topic: this.#topic, ...message };
    const proofs = this.#proofs;
    if (proofs === undefined) return word;
    if (word.t === "hello") return { ...word, members: proofs.digest };
    if (word.t === "lead") {
      const votes = proofs.show(to, word.term, isAnswer);
      return votes === undefined ? word : { ...word, votes };
    }
    if (word.t !== "answer" || !word.yes) return word;
    const signature = await proofs.vote(word.term, to);
    return signature === undefined ? word : { ...word, signature };
  }
}
