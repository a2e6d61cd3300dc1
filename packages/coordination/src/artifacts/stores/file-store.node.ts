import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { decode, encode, SkeinError } from "@skein/protocol";
import * as v from "valibot";
import { type ArtifactId, chunkBytes, chunkLength, isArtifactId, isManifest } from "../core/content-id.js";
import type { ArtifactDraft, ArtifactStore, StoredArtifact } from "./store.js";

/** What nobody has touched for so long is nobody's: a process that ended while it put something, for one. */
const draftKeptMs = 7 * 24 * 3_600_000;

const headSchema = v.object({
  v: v.literal(1),
  bytes: v.number(),
  hashes: v.instance(Uint8Array),
  meta: v.optional(v.unknown()),
});

/** Files that are kept open for reading. */
const openMost = 64;

/**
 * Keeps artifacts in a folder, which is made where it isn't there: `ID.data` has the bytes and nothing else, `ID.head` says that they are all there.
 * One process at a time.
 * @throws {SkeinError} `bad-argument` where the folder can't be used
 */
export async function createFileStore(folder: string): Promise<ArtifactStore> {
  try {
    await mkdir(folder, { recursive: true });
    await discardOld(folder);
  } catch (cause) {
    throw new SkeinError("bad-argument", `${folder} can't keep artifacts: check the folder, its rights and its disk.`, {
      cause,
    });
  }
  return new FileStore(folder);
}

class FileStore implements ArtifactStore {
  readonly #folder: string;
  readonly #heads = new Map<ArtifactId, StoredArtifact>();
  /** Open for reading, the longest unused first. */
  readonly #files = new Map<ArtifactId, Promise<FileHandle>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<readonly StoredArtifact[]> {
    const ids = (await readdir(this.#folder)).flatMap((name) => (name.endsWith(".head") ? [name.slice(0, -5)] : []));
    const all = await Promise.all(ids.map((id) => (isArtifactId(id) ? this.#head(id) : undefined)));
    return all.filter((artifact) => artifact !== undefined);
  }

  async read(id: ArtifactId, index: number): Promise<Uint8Array | undefined> {
    const length = chunkLength((await this.#head(id))?.bytes ?? 0, index);
    return length === 0 ? undefined : readAt(await this.#open(id), index, length);
  }

  async remove(id: ArtifactId): Promise<void> {
    this.#heads.delete(id);
    await this.#closeFile(id);
    // Without its head it isn't there any more, whatever happens next.
    for (const name of [`${id}.head`, `${id}.data`, `${id}.part`]) await rm(join(this.#folder, name), { force: true });
  }

  async draft(name: string): Promise<ArtifactDraft> {
    const path = join(this.#folder, `${name}.part`);
    const file = await open(path, "r+").catch(() => open(path, "wx+"));
    const close = closer(file);
    return {
      read: async (index) => {
        const { size } = await file.stat();
        const length = chunkLength(size, index);
        return length === 0 ? undefined : readAt(file, index, length);
      },
      write: async (index, bytes) => {
        await file.write(bytes, 0, bytes.length, index * chunkBytes);
      },
      finish: async (artifact) => {
        // What a larger draft of that name left behind.
        await file.truncate(artifact.bytes);
        await file.sync();
        await close();
        await this.#finish(path, artifact);
      },
      close,
      discard: async () => {
        await close();
        await rm(path, { force: true });
      },
    };
  }

  async close(): Promise<void> {
    for (const id of [...this.#files.keys()]) await this.#closeFile(id);
  }

  async #finish(part: string, artifact: StoredArtifact): Promise<void> {
    const { id, bytes, hashes, meta } = artifact;
    await this.#closeFile(id);
    await rename(part, join(this.#folder, `${id}.data`));
    const head = join(this.#folder, `${id}.head`);
    const file = await open(`${head}.new`, "w");
    try {
      await file.writeFile(encode({ v: 1, bytes, hashes, ...(meta === undefined ? {} : { meta }) }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${head}.new`, head);
    this.#heads.delete(id);
  }

  /** A head that can't be read is none: nobody vouches for the bytes beside it. */
  async #head(id: ArtifactId): Promise<StoredArtifact | undefined> {
    const known = this.#heads.get(id);
    if (known !== undefined) return known;
    const source = await readFile(join(this.#folder, `${id}.head`)).catch(() => undefined);
    const value = source === undefined ? undefined : decode(source);
    const head = value?.ok ? v.safeParse(headSchema, value.value) : undefined;
    if (!head?.success || !isManifest(head.output)) return undefined;
    const { v: _version, hashes, ...rest } = head.output;
    const artifact: StoredArtifact = { id, ...rest, hashes: hashes.slice() };
    this.#heads.set(id, artifact);
    return artifact;
  }

  async #open(id: ArtifactId): Promise<FileHandle> {
    const file = this.#files.get(id) ?? open(join(this.#folder, `${id}.data`), "r");
    this.#files.delete(id);
    this.#files.set(id, file);
    file.catch(() => this.#files.delete(id));
    // What reads of it are under way end first.
    if (this.#files.size > openMost) void this.#closeFile(this.#files.keys().next().value as ArtifactId);
    return file;
  }

  async #closeFile(id: ArtifactId): Promise<void> {
    const file = this.#files.get(id);
    this.#files.delete(id);
    await file?.then((handle) => handle.close()).catch(() => {});
  }
}

async function readAt(file: FileHandle, index: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, index * chunkBytes);
  return bytesRead === length ? bytes : undefined;
}

/** Closes once. */
function closer(file: FileHandle): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= file.close();
    return closing;
  };
}

async function discardOld(folder: string): Promise<void> {
  const beforeMs = Date.now() - draftKeptMs;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith(".part") && (await stat(path)).mtimeMs < beforeMs) await rm(path, { force: true });
  }
}
