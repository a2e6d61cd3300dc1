import { fromBase64Url, toBase64Url } from "../bytes.js";
import { SkeinError } from "../errors.js";

/** A peer's id: its Ed25519 public key as 43 characters of base64url. On the wire it is the 32 bytes. */
export type PeerId = string & { readonly "~skein": "PeerId" };

/** The length of a peer's public key, which its id is made of. */
export const peerKeyBytes = 32;

/** The id of a public key of 32 bytes. */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  return toBase64Url(publicKey) as PeerId;
}

/** The 32 bytes of an id. */
export function peerKeyOf(id: PeerId): Uint8Array {
  const key = fromBase64Url(id);
  if (key?.length !== peerKeyBytes) throw notAnId(id);
  return key;
}

/**
 * Reads an id that a person or a program wrote.
 * @throws {SkeinError} `bad-argument` where it isn't one.
 */
export function parsePeerId(text: string): PeerId {
  if (fromBase64Url(text)?.length !== peerKeyBytes) throw notAnId(text);
  return text as PeerId;
}

function notAnId(text: string): SkeinError {
  // The text itself isn't repeated: what was passed by mistake may be a saved identity.
  return new SkeinError(
    "bad-argument",
    `A text of ${text.length} characters is no peer id: those have 43 characters of A-Z a-z 0-9 - _.`,
  );
}
