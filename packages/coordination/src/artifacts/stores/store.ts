import type { ArtifactId, Manifest } from "../core/content-id.js";

/** An artifact that is whole. */
export interface StoredArtifact extends Manifest {
  readonly id: ArtifactId;
  readonly meta?: unknown;
}

/**
 * Keeps artifacts. What it gives back is checked by whoever asked; it promises that an artifact which it lists is whole, and that nothing of
 * one is under its id before `finish`.
 *
 * A store that is full, or fails otherwise, throws.
 */
export interface ArtifactStore {
  /** All that are whole. */
  list(): Promise<readonly StoredArtifact[]>;
  /** A chunk of one that is whole; undefined where there is none. */
  read(id: ArtifactId, index: number): Promise<Uint8Array | undefined>;
  /** Forgets it, and what was begun of it. */
  remove(id: ArtifactId): Promise<void>;
  /** What was begun under this name before, if it is there still, or something new. */
  draft(name: string): Promise<ArtifactDraft>;
  /** Lets go of what it holds open. What is kept, stays. */
  close(): Promise<void>;
}

/** An artifact that isn't whole yet. It outlasts the process, where the store does. */
export interface ArtifactDraft {
  /** Whatever is there; undefined where nothing is. */
  read(index: number): Promise<Uint8Array | undefined>;
  /** The bytes are the store's from now on: whoever gave them doesn't write over them. */
  write(index: number, bytes: Uint8Array): Promise<void>;
  /** It is whole: from now on it is in the store under its id. One that was there already stays, with the new meta. */
  finish(artifact: StoredArtifact): Promise<void>;
  /** Lets it be, for another time. */
  close(): Promise<void>;
  /** Forgets it. */
  discard(): Promise<void>;
}
