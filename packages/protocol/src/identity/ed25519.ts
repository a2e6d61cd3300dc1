import nacl from "tweetnacl";

/** Ed25519 (RFC 8032) as the platform can do it best. Seeds and public keys are 32 bytes, signatures 64. */
export interface Ed25519 {
  /** The signature of a message, 64 bytes, by the key of a seed of 32. */
  sign(seed: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
  /** Whether it is the key's signature of that message. False for a key or a signature of another length. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/** Pure JavaScript, everywhere, and some 60 times slower than the platform's: 130 verifications a second. */
export const portableEd25519: Ed25519 = {
  async sign(seed, message) {
    return nacl.sign.detached(message, nacl.sign.keyPair.fromSeed(seed).secretKey);
  },
  async verify(publicKey, message, signature) {
    return nacl.sign.detached.verify(message, signature, publicKey);
  },
};

// RFC 8410 §7: a private key is this prefix and the 32 bytes of the seed.
const pkcs8Prefix = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/** WebCrypto's Ed25519 (W3C "Secure Curves in the Web Cryptography API"). */
export function webCryptoEd25519(subtle: SubtleCrypto): Ed25519 {
  const algorithm = { name: "Ed25519" };
  return {
    async sign(seed, message) {
      const pkcs8 = new Uint8Array(48);
      pkcs8.set(pkcs8Prefix);
      pkcs8.set(seed, 16);
      const key = await subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
      return new Uint8Array(await subtle.sign(algorithm, key, message as BufferSource));
    },
    async verify(publicKey, message, signature) {
      const key = await subtle.importKey("raw", publicKey as BufferSource, algorithm, false, ["verify"]);
      return subtle.verify(algorithm, key, signature as BufferSource, message as BufferSource);
    },
  };
}

let chosen: Promise<Ed25519> | undefined;

/**
 * The platform's Ed25519 where it has one, the portable one otherwise: pages outside a secure context have no
 * `crypto.subtle`, and older engines have it without this curve. Asked once: the answer can't change.
 */
export function platformEd25519(): Promise<Ed25519> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<Ed25519> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle === undefined) return portableEd25519;
  const candidate = webCryptoEd25519(subtle);
  try {
    const seed = new Uint8Array(32);
    const { publicKey } = nacl.sign.keyPair.fromSeed(seed);
    const signature = await candidate.sign(seed, seed);
    return (await candidate.verify(publicKey, seed, signature)) ? candidate : portableEd25519;
  } catch {
    return portableEd25519;
  }
}

/** The public key of a seed. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return nacl.sign.keyPair.fromSeed(seed).publicKey;
}
