import type { RandomBytes } from "@skein/protocol";
import { SkeinError, toBase64Url } from "@skein/protocol";
import { type ArtifactSource, chunksOf } from "./chunks.js";
import { artifactBytesMost, chunkBytes, hashBytes, idInput, idText } from "./core/content-id.js";
import type { Quota } from "./quota.js";
import type { Sha256 } from "./sha256.js";
import { storeError } from "./store-error.js";
import type { ArtifactStore, StoredArtifact } from "./stores/store.js";

export interface PutWorld {
  readonly store: ArtifactStore;
  readonly quota: Quota;
  readonly sha256: Sha256;
  readonly random: RandomBytes;
}

/** What others find an artifact by, and what is told while it is read. */
export interface PutOptions {
  /** For others to find it by, as plain data of up to 1 KiB. It isn't part of the id. */
  readonly meta?: unknown;
  readonly signal?: AbortSignal;
  /** Told as bytes are read. */
  readonly onProgress?: (progress: { readonly bytes: number }) => void;
}

/** Cuts a source, hashes it and keeps it, a chunk at a time. Nothing stays where it fails. */
export async function putSource(source: ArtifactSource, options: PutOptions, world: PutWorld): Promise<StoredArtifact> {
  const { store, quota, sha256, random } = world;
  const draft = await store.draft(`put-${toBase64Url(random(12))}`);
  const hashes = new Hashes();
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(source, chunkBytes)) {
      mustGoOn(options.signal);
      quota.take(chunk.length);
      bytes += chunk.length;
      if (bytes > artifactBytesMost)
        throw new SkeinError("too-large", `An artifact has ${artifactBytesMost} bytes at the most.`);
      // The platform hashes beside us, and the disk writes.
      const [hash] = await Promise.all([sha256(chunk), draft.write(hashes.count, chunk)]);
      hashes.add(hash);
      options.onProgress?.({ bytes });
    }
    mustGoOn(options.signal);
    const manifest = { bytes, hashes: hashes.all };
    const id = idText(await sha256(idInput(manifest)));
    const artifact = { id, ...manifest, ...(options.meta === undefined ? {} : { meta: options.meta }) };
    await draft.finish(artifact);
    return artifact;
  } catch (error) {
    quota.giveBack(bytes);
    await draft.discard().catch(() => {});
    throw storeError(error);
  }
}

/** Grows as hashes come. */
class Hashes {
  #bytes = new Uint8Array(64 * hashBytes);
  count = 0;

  get all(): Uint8Array {
    return this.#bytes.slice(0, this.count * hashBytes);
  }

  add(hash: Uint8Array): void {
    const at = this.count * hashBytes;
    if (at === this.#bytes.length) {
      const longer = new Uint8Array(at * 2);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes.set(hash, at);
    this.count++;
  }
}

function mustGoOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new SkeinError("aborted", "Putting the artifact was aborted by its caller.", { cause: signal.reason });
}
