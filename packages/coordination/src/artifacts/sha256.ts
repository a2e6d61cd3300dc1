/** The SHA-256 of bytes. */
export type Sha256 = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * The platform's own, off the main thread, where there is one; browsers have it in secure contexts: https, and this very machine. Elsewhere a
 * library does it, which is loaded only then.
 */
export const platformSha256: Sha256 = async (bytes) => {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle !== undefined) return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return portableSha256(bytes);
};

/** Works everywhere, on the thread that calls it. */
export const portableSha256: Sha256 = async (bytes) => {
  const { sha256 } = await import("@noble/hashes/sha2.js");
  return sha256(bytes);
};
