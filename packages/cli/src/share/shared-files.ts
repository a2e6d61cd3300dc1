import { type FileHandle, open } from "node:fs/promises";
import {
  type ArtifactDraft,
  type ArtifactId,
  type ArtifactStore,
  chunkBytes,
  type StoredArtifact,
} from "@skein/coordination";
import { SkeinError } from "@skein/protocol";
import { explainDisk } from "../files/disk.js";
import { versionOf } from "../transfer/tree.js";

interface Shared {
  readonly artifact: StoredArtifact;
  readonly path: string;
  readonly version: string;
}

/**
 * Files where they lie, as a store of artifacts: nothing is copied. A file that was changed since is no longer given, since it is no longer what
 * its id says.
 */
export class SharedFiles implements ArtifactStore {
  readonly #shared = new Map<ArtifactId, Shared>();
  readonly #files = new Map<string, Promise<FileHandle>>();
  #current: { readonly path: string; readonly version: string } | undefined;

  /** The file's bytes, to be put; until they are, it is the one that is put. */
  async *put(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    const file = await open(path, "r").catch((error: unknown) => {
      throw explainDisk(error, path, "read");
    });
    try {
      this.#current = { path, version: await versionNow(file) };
      for (let offset = 0; !signal.aborted; ) {
        const bytes = new Uint8Array(chunkBytes);
        const { bytesRead } = await file.read(bytes, 0, chunkBytes, offset);
        if (bytesRead === 0) break;
        yield bytes.subarray(0, bytesRead);
        offset += bytesRead;
      }
      if ((await versionNow(file)) !== this.#current.version) {
        throw new SkeinError("bad-argument", `${path} was changed while it was read: share it again.`);
      }
    } finally {
      await file.close();
    }
  }

  async list(): Promise<readonly StoredArtifact[]> {
    return [...this.#shared.values()].map(({ artifact }) => artifact);
  }

  async read(id: ArtifactId, index: number): Promise<Uint8Array | undefined> {
    const shared = this.#shared.get(id);
    if (shared === undefined) return undefined;
    const file = await this.#open(shared.path);
    const bytes = new Uint8Array(Math.max(0, Math.min(chunkBytes, shared.artifact.bytes - index * chunkBytes)));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, index * chunkBytes);
    const isSame = bytesRead === bytes.length && (await versionNow(file)) === shared.version;
    return isSame && bytes.length > 0 ? bytes : undefined;
  }

  async remove(id: ArtifactId): Promise<void> {
    this.#shared.delete(id);
  }

  async draft(): Promise<ArtifactDraft> {
    return {
      read: async () => undefined,
      // It is on disk already.
      write: async () => {},
      finish: async (artifact) => {
        if (this.#current !== undefined) this.#shared.set(artifact.id, { artifact, ...this.#current });
      },
      close: async () => {},
      discard: async () => {},
    };
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(files.map(async (file) => (await file).close()));
  }

  #open(path: string): Promise<FileHandle> {
    const file = this.#files.get(path) ?? open(path, "r");
    this.#files.set(path, file);
    file.catch(() => this.#files.delete(path));
    return file;
  }
}

async function versionNow(file: FileHandle): Promise<string> {
  return versionOf(await file.stat({ bigint: true }));
}
