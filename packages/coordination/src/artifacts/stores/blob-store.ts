import type { ArtifactId } from "../core/content-id.js";
import { PieceStore } from "./piece-store.js";
import type { ArtifactStore } from "./store.js";

/** A store whose artifacts can be had as blobs, without a copy: for `URL.createObjectURL`, or a form. */
export interface BlobStore extends ArtifactStore {
  /** All of it; undefined where it isn't here. */
  blob(id: ArtifactId): Blob | undefined;
}

/** Keeps artifacts as blobs, for as long as the page is open: a browser has large ones on disk. */
export function createBlobStore(): BlobStore {
  return new PageStore({
    take: (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>]),
    give: async (blob) => new Uint8Array(await blob.arrayBuffer()),
  });
}

class PageStore extends PieceStore<Blob> implements BlobStore {
  blob(id: ArtifactId): Blob | undefined {
    const pieces = this.pieces(id);
    return pieces && new Blob([...pieces], { type: "application/octet-stream" });
  }
}
