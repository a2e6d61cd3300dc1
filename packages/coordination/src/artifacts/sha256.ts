/** The SHA-256 of bytes. */
export type Sha256 = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * The platform's own. In browsers it works beside the thread that asks, in secure contexts: https, and this very machine; elsewhere a
 * library does it, which is loaded only then. Node's works in place: to hand a chunk over to its crypto.subtle keeps the thread for longer than to
 * hash it.
 */
export const platformSha256: Sha256 = async (bytes) => {
  const inPlace = nodeHash();
  if (inPlace !== undefined) return inPlace("sha256", bytes, "buffer");
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle !== undefined) return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return portableSha256(bytes);
};

/** Works everywhere, on the thread that calls it. */
export const portableSha256: Sha256 = async (bytes) => {
  const { sha256 } = await import("@noble/hashes/sha2.js");
  return sha256(bytes);
};

type NodeHash = (algorithm: string, bytes: Uint8Array, encoding: "buffer") => Uint8Array;

/** Asked for without an import: bundlers for browsers find none. */
function nodeHash(): NodeHash | undefined {
  type Runtime = { process?: { getBuiltinModule?: (name: string) => { hash?: NodeHash } | undefined } };
  return (globalThis as unknown as Runtime).process?.getBuiltinModule?.("node:crypto")?.hash;
}
