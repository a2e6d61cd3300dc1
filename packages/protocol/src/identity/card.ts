import { decode, encode } from "../codec/message-pack.js";
import {
  anything,
  bytesOf,
  bytesUpTo,
  count,
  list,
  literal,
  name,
  number,
  object,
  optional,
  protocolList,
} from "../codec/schema.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { SkeinError } from "../errors.js";
import { limits } from "../limits.js";
import type { Ed25519 } from "./ed25519.js";
import { type Identity, verifySignature } from "./identity.js";
import { type PeerId, peerIdOf, peerKeyOf } from "./peer-id.js";

/** What a peer says of itself. */
export interface Card {
  readonly id: PeerId;
  /** X25519 public key (32 bytes), made afresh for each join. Envelopes to this peer are sealed to it. */
  readonly box: Uint8Array;
  /** For people. */
  readonly name?: string | undefined;
  /** What drives its data channels: `browser`, `node-datachannel`, or another engine's name. Decides who offers. */
  readonly kind?: string | undefined;
  /** When the peer joined by its own clock. Milliseconds since 1970. */
  readonly started: number;
  /** What it can do, in the app's words. */
  readonly caps: readonly string[];
  /** The app protocols it speaks: versions by name. */
  readonly protocols: Readonly<Record<string, readonly string[]>>;
  /** Anything else the app wants known, as plain data. */
  readonly meta?: unknown;
  /** Counts up with each update of the card. */
  readonly n: number;
}

/** A card as it travels: its bytes and the signature over exactly those. Nobody re-encodes to verify. */
export interface SignedCard {
  readonly b: Uint8Array;
  readonly s: Uint8Array;
}

export const signedCardSchema = object({ b: bytesUpTo(limits.cardBytes), s: bytesOf(64) });

const cardSchema = object({
  v: literal(1),
  id: bytesOf(32),
  box: bytesOf(32),
  name: optional(name),
  kind: optional(name),
  started: number,
  caps: list(name, limits.capabilities),
  protocols: protocolList,
  meta: anything,
  n: count,
});

/**
 * Signs a card with the identity it names.
 * @throws {SkeinError} `bad-argument` where it names another, `bad-body` where a field is malformed, `too-large` where the
 * card or its meta is over the limit.
 */
export async function signCard(identity: Identity, card: Card): Promise<SignedCard> {
  if (card.id !== identity.id) {
    throw new SkeinError(
      "bad-argument",
      "This card names another peer: its id must be that of the identity which signs it.",
    );
  }
  // What conforms is what is signed: fields that the card's type doesn't have stay here.
  const fits = cardSchema({ ...card, v: 1, id: peerKeyOf(card.id) });
  if (!fits.ok) throw new SkeinError("bad-body", `This card can't be signed: ${fits.reason}.`);
  const metaBytes = fits.value.meta === undefined ? 0 : encode(fits.value.meta).length;
  if (metaBytes > limits.cardMetaBytes) {
    throw new SkeinError("too-large", `This card's meta has ${metaBytes} bytes; ${limits.cardMetaBytes} is the most.`);
  }
  // A copy: what the encoder gives is a view into its buffer, and a card is kept for long.
  const b = Uint8Array.from(encode(fits.value));
  if (b.length > limits.cardBytes) {
    throw new SkeinError(
      "too-large",
      `This card has ${b.length} bytes; ${limits.cardBytes} is the most. Shorten its meta.`,
    );
  }
  return { b, s: await identity.sign("card", b) };
}

/** Reads a card and checks that the peer it names has signed it. */
export async function verifyCard(signed: SignedCard, ed25519?: Ed25519): Promise<Decoded<Card>> {
  const read = readCard(signed);
  if (!read.ok) return read;
  const key = peerKeyOf(read.value.id);
  const genuine = await verifySignature("card", key, signed.b, signed.s, ed25519);
  return genuine ? read : reject("forged", "the card's signature isn't its peer's");
}

/** Reads a card without checking who signed it: for those who have checked, or who will. */
export function readCard(signed: SignedCard): Decoded<Card> {
  if (signed.b.length > limits.cardBytes) return reject("over-limit", `the card has over ${limits.cardBytes} bytes`);
  const decoded = decode(signed.b);
  if (!decoded.ok) return decoded;
  const version = (decoded.value as { v?: unknown } | null)?.v;
  if (typeof version === "number" && version !== 1)
    return reject("unsupported-version", `a card of version ${version}`);
  const body = cardSchema(decoded.value);
  if (!body.ok) return body;
  const { v: _version, id, ...rest } = body.value;
  // A copy of the key: a card is kept for long, and what it was read from needn't be.
  return accept({ ...rest, box: Uint8Array.from(rest.box), id: peerIdOf(id) });
}
