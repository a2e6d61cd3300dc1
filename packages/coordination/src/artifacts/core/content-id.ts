import { concatBytes, utf8 } from "@skein/protocol";

/** What an artifact is cut into; the last piece may be shorter. Part of what the id is made of, so it is the same for all of version 1. */
export const chunkBytes = 256 * 1024;
export const hashBytes = 32;
/** The most that an artifact may have: its list of hashes is 2 MiB then, one message. */
export const artifactBytesMost = 16 * 1024 ** 3;
export const chunksMost = artifactBytesMost / chunkBytes;

/** An artifact's id: 64 lower-case hexadecimal characters. On the wire it is the 32 bytes. */
export type ArtifactId = string & { readonly "~skein": "ArtifactId" };

/** What an artifact is made of. Whoever has it, and trusts the id, can tell each chunk by itself. */
export interface Manifest {
  readonly bytes: number;
  /** The SHA-256 of each chunk, one after the other. */
  readonly hashes: Uint8Array;
}

export function chunkCount(bytes: number): number {
  return Math.ceil(bytes / chunkBytes);
}

/** How long a chunk is; 0 where there is none of that number. */
export function chunkLength(bytes: number, index: number): number {
  return Math.max(0, Math.min(chunkBytes, bytes - index * chunkBytes));
}

export function chunkHash({ hashes }: Manifest, index: number): Uint8Array {
  return hashes.subarray(index * hashBytes, (index + 1) * hashBytes);
}

/** Whether the list is as long as the size asks for. */
export function isManifest({ bytes, hashes }: Manifest): boolean {
  return bytes <= artifactBytesMost && hashes.length === chunkCount(bytes) * hashBytes;
}

const label = utf8("skein/1 artifact\0");

/** What is hashed to an id: label, size, chunk size, and the chunks' hashes. */
export function idInput({ bytes, hashes }: Manifest): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, BigInt(bytes));
  view.setUint32(8, chunkBytes);
  return concatBytes(label, head, hashes);
}

export function idText(bytes: Uint8Array): ArtifactId {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") as ArtifactId;
}

export function idBytes(id: ArtifactId): Uint8Array {
  return Uint8Array.from({ length: hashBytes }, (_, index) => Number.parseInt(id.slice(index * 2, index * 2 + 2), 16));
}

/** Whether a text is an artifact's id: 64 hexadecimal digits, in small letters. */
export function isArtifactId(text: string): text is ArtifactId {
  return /^[0-9a-f]{64}$/.test(text);
}
