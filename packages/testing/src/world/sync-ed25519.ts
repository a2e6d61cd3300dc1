import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Ed25519 } from "@skein/protocol";

// RFC 8410 §7 and §4: what stands before a seed, and before a public key.
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** What is remembered of each kind: enough for a world of many agents. */
const rememberedMost = 2_000;

/**
 * Ed25519 by `node:crypto`, on the calling thread: WebCrypto's own threads would answer whenever they are done, and a simulated world
 * would differ from run to run. Reading a key takes as long as using it, and what one agent verified the others do as well: both are
 * remembered, or signatures would be a third of all the work in a world.
 */
export const syncEd25519: Ed25519 = {
  async sign(seed, message) {
    return new Uint8Array(sign(null, message, privateKeyOf(seed)));
  },
  async verify(publicKey, message, signature) {
    return verified(joined(publicKey, signature, message), () =>
      verify(null, message, publicKeyOf(publicKey), signature),
    );
  },
};

const privateKeys = remembering<KeyObject>();
const publicKeys = remembering<KeyObject>();
const verified = remembering<boolean>();

function privateKeyOf(seed: Uint8Array): KeyObject {
  return privateKeys(joined(seed), () =>
    createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" }),
  );
}

function publicKeyOf(key: Uint8Array): KeyObject {
  return publicKeys(joined(key), () =>
    createPublicKey({ key: Buffer.concat([spkiPrefix, key]), format: "der", type: "spki" }),
  );
}

/** A key and a signature have lengths that don't vary: joined, no two inputs are alike. */
function joined(...parts: readonly Uint8Array[]): string {
  return parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.length).toString("latin1")).join("");
}

/** Answers of a function whose answer never changes, by what it was asked; the oldest are forgotten. */
function remembering<Value>(): (key: string, find: () => Value) => Value {
  const known = new Map<string, Value>();
  return (key, find) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = find();
    known.set(key, value);
    if (known.size > rememberedMost) known.delete(known.keys().next().value as string);
    return value;
  };
}
