import type { ArtifactId } from "../core/content-id.js";
import type { ArtifactDraft, ArtifactStore, StoredArtifact } from "./store.js";

/** How a store that doesn't outlast its process holds a chunk. */
export interface PieceKeeping<Piece> {
  take(bytes: Uint8Array): Piece;
  give(piece: Piece): Uint8Array | Promise<Uint8Array>;
}

interface Whole<Piece> {
  readonly artifact: StoredArtifact;
  readonly pieces: ReadonlyMap<number, Piece>;
}

/** Keeps artifacts for as long as it lives, each chunk as a piece of some kind. */
export class PieceStore<Piece> implements ArtifactStore {
  readonly #keeping: PieceKeeping<Piece>;
  readonly #whole = new Map<ArtifactId, Whole<Piece>>();
  readonly #drafts = new Map<string, Map<number, Piece>>();

  constructor(keeping: PieceKeeping<Piece>) {
    this.#keeping = keeping;
  }

  /** All pieces of an artifact, in order; undefined where it isn't here. */
  pieces(id: ArtifactId): readonly Piece[] | undefined {
    const pieces = this.#whole.get(id)?.pieces;
    return pieces && [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece);
  }

  async list(): Promise<readonly StoredArtifact[]> {
    return [...this.#whole.values()].map(({ artifact }) => artifact);
  }

  async read(id: ArtifactId, index: number): Promise<Uint8Array | undefined> {
    return this.#give(this.#whole.get(id)?.pieces.get(index));
  }

  async remove(id: ArtifactId): Promise<void> {
    this.#whole.delete(id);
    this.#drafts.delete(id);
  }

  async draft(name: string): Promise<ArtifactDraft> {
    const pieces = this.#drafts.get(name) ?? new Map<number, Piece>();
    this.#drafts.set(name, pieces);
    return {
      read: async (index) => this.#give(pieces.get(index)),
      write: async (index, bytes) => void pieces.set(index, this.#keeping.take(bytes)),
      finish: async (artifact) => {
        const { pieces: kept } = this.#whole.get(artifact.id) ?? { pieces };
        this.#whole.set(artifact.id, { artifact: { ...artifact, hashes: artifact.hashes.slice() }, pieces: kept });
        this.#drafts.delete(name);
      },
      close: async () => {},
      discard: async () => void this.#drafts.delete(name),
    };
  }

  async close(): Promise<void> {}

  #give(piece: Piece | undefined): Uint8Array | Promise<Uint8Array> | undefined {
    return piece === undefined ? undefined : this.#keeping.give(piece);
  }
}
