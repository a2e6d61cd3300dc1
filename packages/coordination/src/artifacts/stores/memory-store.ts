import { PieceStore } from "./piece-store.js";
import type { ArtifactStore } from "./store.js";

/** A message's head, that is kept with its chunk. */
const wasteMost = 1024;

/** Keeps artifacts in memory, for as long as the process lives. */
export function createMemoryStore(): ArtifactStore {
  return new PieceStore({ take: withoutWaste, give: (bytes) => bytes });
}

/** What came with a message is a view of it, and would keep all of it: where that is more than the chunk, it is copied. */
function withoutWaste(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength - bytes.length > wasteMost ? bytes.slice() : bytes;
}
