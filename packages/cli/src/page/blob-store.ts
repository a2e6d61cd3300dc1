import type { ArtifactDraft, ArtifactId, ArtifactStore, StoredArtifact } from "@skein/coordination";

interface Whole {
  readonly artifact: StoredArtifact;
  readonly chunks: ReadonlyMap<number, Blob>;
}

/** Keeps artifacts as blobs for as long as the page is open: a browser has large ones on disk. */
export class BlobStore implements ArtifactStore {
  readonly #whole = new Map<ArtifactId, Whole>();
  readonly #drafts = new Map<string, Map<number, Blob>>();

  /** All of it, without a copy; undefined where it isn't here. */
  blob(id: ArtifactId): Blob | undefined {
    const chunks = this.#whole.get(id)?.chunks;
    if (chunks === undefined) return undefined;
    const inOrder = Array.from({ length: chunks.size }, (_, index) => chunks.get(index) ?? new Blob());
    return new Blob(inOrder, { type: "application/octet-stream" });
  }

  async list(): Promise<readonly StoredArtifact[]> {
    return [...this.#whole.values()].map(({ artifact }) => artifact);
  }

  async read(id: ArtifactId, index: number): Promise<Uint8Array | undefined> {
    return bytesOf(this.#whole.get(id)?.chunks.get(index));
  }

  async remove(id: ArtifactId): Promise<void> {
    this.#whole.delete(id);
    this.#drafts.delete(id);
  }

  async draft(name: string): Promise<ArtifactDraft> {
    const chunks = this.#drafts.get(name) ?? new Map<number, Blob>();
    this.#drafts.set(name, chunks);
    return {
      read: async (index) => bytesOf(chunks.get(index)),
      write: async (index, bytes) => void chunks.set(index, new Blob([bytes as Uint8Array<ArrayBuffer>])),
      finish: async (artifact) => {
        const { chunks: kept } = this.#whole.get(artifact.id) ?? { chunks };
        this.#whole.set(artifact.id, { artifact: { ...artifact, hashes: artifact.hashes.slice() }, chunks: kept });
        this.#drafts.delete(name);
      },
      close: async () => {},
      discard: async () => void this.#drafts.delete(name),
    };
  }

  async close(): Promise<void> {
    this.#whole.clear();
    this.#drafts.clear();
  }
}

async function bytesOf(blob: Blob | undefined): Promise<Uint8Array | undefined> {
  return blob && new Uint8Array(await blob.arrayBuffer());
}
