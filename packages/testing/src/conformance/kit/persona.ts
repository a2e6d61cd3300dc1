import {
  type BoxKeyPair,
  type Card,
  type ClientMessage,
  concatBytes,
  createBoxKeyPair,
  createIdentity,
  encode,
  type Identity,
  type PeerId,
  peerKeyOf,
  proveJoin,
  type SignedCard,
  signCard,
} from "@skein/protocol";

export type Join = Extract<ClientMessage, { t: "join" }>;

/** One who joins: an identity, and the box key of this join. */
export class Persona {
  readonly identity: Identity;
  readonly box: BoxKeyPair;

  constructor(identity: Identity = createIdentity(), box: BoxKeyPair = createBoxKeyPair()) {
    this.identity = identity;
    this.box = box;
  }

  /** One whose id lies above another's, or below it. */
  static beside(other: PeerId, where: "above" | "below"): Persona {
    for (;;) {
      const persona = new Persona();
      if (persona.id > other === (where === "above")) return persona;
    }
  }

  get id(): PeerId {
    return this.identity.id;
  }

  get key(): Uint8Array {
    return peerKeyOf(this.id);
  }

  /** The same identity in another join. */
  again(): Persona {
    return new Persona(this.identity);
  }

  card(more: Partial<Card> = {}): Promise<SignedCard> {
    const blank = {
      id: this.id,
      box: this.box.publicKey,
      kind: "skein-conformance",
      started: 1,
      caps: [],
      protocols: {},
    };
    return signCard(this.identity, { ...blank, n: 0, ...more });
  }

  /** A card of whatever fields, genuinely signed. */
  async rawCard(more: Readonly<Record<string, unknown>> = {}): Promise<SignedCard> {
    const blank = { v: 1, id: this.key, box: this.box.publicKey, started: 1, caps: [], protocols: {}, n: 0 };
    return this.sign(Uint8Array.from(encode({ ...blank, ...more })));
  }

  async sign(b: Uint8Array): Promise<SignedCard> {
    return { b, s: await this.identity.sign("card", b) };
  }

  async join(nonce: Uint8Array, room: string, card?: SignedCard): Promise<Join> {
    const signed = card ?? (await this.card());
    return { t: "join", room, card: signed, proof: await proveJoin(this.identity, nonce, room, signed) };
  }
}

/** The same bytes with a bit of the last one turned. */
export function turned(bytes: Uint8Array): Uint8Array {
  const last = bytes.at(-1) ?? 0;
  return concatBytes(bytes.subarray(0, -1), Uint8Array.of(last ^ 1));
}
