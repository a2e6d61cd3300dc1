import type { ArtifactId } from "../core/content-id.js";
import type { ArtifactDraft, ArtifactStore, StoredArtifact } from "./store.js";

/** A message's head, that is kept with its chunk. */
const wasteMost = 1024;

/** Keeps artifacts in memory, for as long as the process lives. */
export function createMemoryStore(): ArtifactStore {
  return new MemoryStore();
}

class MemoryStore implements ArtifactStore {
  readonly #whole = new Map<
    ArtifactId,
    { readonly artifact: StoredArtifact; readonly chunks: Map<number, Uint8Array> }
  >();
  readonly #drafts = new Map<string, Map<number, Uint8Array>>();

  async list(): Promise<readonly StoredArtifact[]> {
    return [...this.#whole.values()].map(({ artifact }) => artifact);
  }

  async read(id: ArtifactId, index: number): Promise<Uint8Array | undefined> {
    return this.#whole.get(id)?.chunks.get(index);
  }

  async remove(id: ArtifactId): Promise<void> {
    this.#whole.delete(id);
    this.#drafts.delete(id);
  }

  async draft(name: string): Promise<ArtifactDraft> {
    const chunks = this.#drafts.get(name) ?? new Map<number, Uint8Array>();
    this.#drafts.set(name, chunks);
    return {
      read: async (index) => chunks.get(index),
      write: async (index, bytes) => void chunks.set(index, withoutWaste(bytes)),
      finish: async (artifact) => {
        const { chunks: kept } = this.#whole.get(artifact.id) ?? { chunks };
        this.#whole.set(artifact.id, { artifact: { ...artifact, hashes: artifact.hashes.slice() }, chunks: kept });
        this.#drafts.delete(name);
      },
      close: async () => {},
      discard: async () => void this.#drafts.delete(name),
    };
  }

  async close(): Promise<void> {}
}

/** What came with a message is a view of it, and would keep all of it: where that is more than the chunk, it is copied. */
function withoutWaste(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength - bytes.length > wasteMost ? bytes.slice() : bytes;
}
