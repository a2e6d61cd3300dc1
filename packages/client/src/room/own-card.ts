import {
  type BoxKeyPair,
  type Card,
  type Identity,
  type ProtocolVersions,
  type SignedCard,
  signCard,
} from "@skein/protocol";
import type { CardUpdate } from "./options.js";

/** Our own card: what it says now, and its signed form. */
export class OwnCard {
  readonly #identity: Identity;
  #card: Card;
  #signed: SignedCard;

  private constructor(identity: Identity, card: Card, signed: SignedCard) {
    this.#identity = identity;
    this.#card = card;
    this.#signed = signed;
  }

  static async create(input: {
    identity: Identity;
    box: BoxKeyPair;
    kind: string;
    startedMs: number;
    protocols: ProtocolVersions;
    details: CardUpdate;
  }): Promise<OwnCard> {
    const { identity, box, kind, startedMs, protocols, details } = input;
    const blank: Card = { id: identity.id, box: box.publicKey, kind, started: startedMs, caps: [], protocols, n: 0 };
    const card = withDetails(blank, details);
    return new OwnCard(identity, card, await signCard(identity, card));
  }

  get card(): Card {
    return this.#card;
  }

  get signed(): SignedCard {
    return this.#signed;
  }

  /** Changes what is given, leaves the rest, and signs anew. */
  async update(details: CardUpdate): Promise<SignedCard> {
    const before = this.#card;
    const card = { ...withDetails(before, details), n: before.n + 1 };
    // The number is taken at once: two updates under way at the same time must not share one.
    this.#card = card;
    const signed = await signCard(this.#identity, card).catch((error: unknown) => {
      // What can't be signed is forgotten, or no later update could be.
      if (this.#card === card) this.#card = { ...before, n: card.n };
      throw error;
    });
    if (this.#card.n === card.n) this.#signed = signed;
    return signed;
  }
}

function withDetails(card: Card, { name, capabilities, meta }: CardUpdate): Card {
  return {
    ...card,
    ...(name === undefined ? {} : { name }),
    ...(capabilities === undefined ? {} : { caps: [...capabilities] }),
    ...(meta === undefined ? {} : { meta }),
  };
}
