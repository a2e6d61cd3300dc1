import { concatBytes, digestOf, utf8 } from "../bytes.js";
import type { SignedCard } from "./card.js";
import type { Ed25519 } from "./ed25519.js";
import { type Identity, verifySignature } from "./identity.js";
import { type PeerId, peerKeyOf } from "./peer-id.js";

/** The server's nonce: 32 random bytes, for one connection. */
export const nonceBytes = 32;

/**
 * Proves to a server that whoever joins holds the card's identity, now, for this room: the identity's signature (64 bytes)
 * over `nonce ‖ SHA-512(room)[0..32] ‖ SHA-512(card)[0..32]`.
 */
export function proveJoin(identity: Identity, nonce: Uint8Array, room: string, card: SignedCard): Promise<Uint8Array> {
  return identity.sign("join", joinStatement(nonce, room, card));
}

/** Whether `proof` is the peer's, for this nonce, room and card. */
export function verifyJoin(
  id: PeerId,
  nonce: Uint8Array,
  room: string,
  card: SignedCard,
  proof: Uint8Array,
  ed25519?: Ed25519,
): Promise<boolean> {
  return verifySignature("join", peerKeyOf(id), joinStatement(nonce, room, card), proof, ed25519);
}

function joinStatement(nonce: Uint8Array, room: string, card: SignedCard): Uint8Array {
  return concatBytes(nonce, digestOf(utf8(room)), digestOf(card.b));
}
