import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Ed25519 } from "@skein/protocol";

// RFC 8410 §7 and §4: what stands before a seed, and before a public key.
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Ed25519 by `node:crypto`, on the calling thread: WebCrypto's own threads would answer whenever they are done, and a simulated world
 * would differ from run to run.
 */
export const syncEd25519: Ed25519 = {
  async sign(seed, message) {
    const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
    return new Uint8Array(sign(null, message, key));
  },
  async verify(publicKey, message, signature) {
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: "der", type: "spki" });
    return verify(null, message, key, signature);
  },
};
