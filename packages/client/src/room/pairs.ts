import { type Card, toBase64Url } from "@skein/protocol";
import { type SealingKeys, SecureChannel } from "./secure-channel.js";

/** What must outlive a peer's coming and going under one pair of box keys. */
export interface Pair {
  /** Keys, and which envelopes were seen: a server that sends a peer away and back can't have them opened again. */
  readonly secure: SecureChannel;
  /** The same for channels that the app brought. Made when one is used. */
  readonly onChannel: () => SecureChannel;
  /** The last generation of the direct path: the other side, which may not have noticed, goes on counting from it. */
  generation: number;
}

/** How many pairs are remembered. A server can invent peers; it can't have us keep more of them than this. */
const pairsMost = 4096;

/** The pairs of a room, by the other side's join. The longest unused are forgotten first. */
export class Pairs {
  readonly #keys: SealingKeys;
  readonly #byJoin = new Map<string, Pair>();

  constructor(keys: SealingKeys) {
    this.#keys = keys;
  }

  /** The pair of a card's join, new or remembered. */
  of(card: Card): Pair {
    const join = `${card.id} ${toBase64Url(card.box)}`;
    const pair = this.#byJoin.get(join) ?? this.#meet(card);
    // Last in the map's order is the latest used.
    this.#byJoin.delete(join);
    this.#byJoin.set(join, pair);
    if (this.#byJoin.size > pairsMost) this.#byJoin.delete(this.#byJoin.keys().next().value as string);
    return pair;
  }

  #meet(card: Card): Pair {
    let onChannel: SecureChannel | undefined;
    return {
      secure: new SecureChannel(this.#keys, card),
      onChannel: () => {
        onChannel ??= new SecureChannel(this.#keys, card, "channel");
        return onChannel;
      },
      generation: 0,
    };
  }
}
