import {
  accept,
  type BoxKeyPair,
  type Card,
  type Decoded,
  deriveDirectionKeys,
  type EnvelopeCarrier,
  type EnvelopeContent,
  EnvelopeOpener,
  type PeerId,
  sealEnvelope,
} from "@skein/protocol";

/** Our side of every envelope of one join: who we are, our box key, the room's key, and the one counter. */
export class SealingKeys {
  readonly room: string;
  readonly roomKey: Uint8Array;
  readonly id: PeerId;
  readonly box: BoxKeyPair;
  #counter = 0;

  constructor(input: { room: string; roomKey: Uint8Array; id: PeerId; box: BoxKeyPair }) {
    this.room = input.room;
    this.roomKey = input.roomKey;
    this.id = input.id;
    this.box = input.box;
  }

  /** One count for the whole join: no key of this join ever sees a counter twice, whoever comes, goes and comes again. */
  nextCounter(): number {
    return this.#counter++;
  }
}

/** Seals envelopes to one peer and opens those from it, on what carries them. */
export class SecureChannel {
  readonly #keys: SealingKeys;
  readonly #seal: Uint8Array;
  readonly #opener: EnvelopeOpener;

  constructor(keys: SealingKeys, card: Card, via: EnvelopeCarrier = "server") {
    this.#keys = keys;
    const { seal, open } = deriveDirectionKeys({
      room: keys.room,
      roomKey: keys.roomKey,
      myId: keys.id,
      myBox: keys.box,
      theirId: card.id,
      theirBox: card.box,
      via,
    });
    this.#seal = seal;
    this.#opener = new EnvelopeOpener(open);
  }

  seal(content: EnvelopeContent, body: Uint8Array): Uint8Array {
    return sealEnvelope(this.#seal, this.#keys.nextCounter(), content, body);
  }

  /** The body, where the envelope is genuine, new, and holds what it should. */
  open(content: EnvelopeContent, envelope: Uint8Array): Decoded<Uint8Array> {
    const opened = this.#opener.open(envelope);
    if (!opened.ok) return opened;
    if (opened.value.content !== content) {
      return {
        ok: false,
        code: "malformed",
        reason: `an envelope with a ${opened.value.content} where a ${content} was due`,
      };
    }
    return accept(opened.value.body);
  }
}
