import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { ArtifactId } from "../core/content-id.js";
import type { ArtifactDraft, ArtifactStore, StoredArtifact } from "./store.js";

/** An artifact's chunks stay where they were written: `owner` is the name of the draft that it was. */
interface Record extends StoredArtifact {
  readonly owner: string;
}

interface Schema extends DBSchema {
  artifacts: { key: string; value: Record };
  chunks: { key: [owner: string, index: number]; value: Uint8Array };
  drafts: { key: string; value: { readonly name: string; readonly touchedMs: number } };
}

type Database = IDBPDatabase<Schema>;

/** What nobody has touched for so long is nobody's: a page that was closed while it put something, for one. */
const draftKeptMs = 7 * 24 * 3_600_000;

/**
 * Keeps artifacts in the browser, across reloads. Tabs of one origin share what has the same name.
 * @param name of the database
 */
export async function createIndexedDbStore(name = "skein-artifacts"): Promise<ArtifactStore> {
  const database: Database = await openDB<Schema>(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore("artifacts", { keyPath: "id" });
      fresh.createObjectStore("chunks");
      fresh.createObjectStore("drafts", { keyPath: "name" });
    },
    // Another tab has a newer version of this: it mustn't wait for us.
    blocking: () => database.close(),
  });
  const store = new IndexedDbStore(database);
  await store.discardOld(Date.now() - draftKeptMs);
  return store;
}

class IndexedDbStore implements ArtifactStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<readonly StoredArtifact[]> {
    return (await this.#database.getAll("artifacts")).map(({ owner: _owner, ...artifact }) => artifact);
  }

  async read(id: ArtifactId, index: number): Promise<Uint8Array | undefined> {
    const transaction = this.#database.transaction(["artifacts", "chunks"]);
    const artifact = await transaction.objectStore("artifacts").get(id);
    return artifact && transaction.objectStore("chunks").get([artifact.owner, index]);
  }

  async remove(id: ArtifactId): Promise<void> {
    const transaction = this.#database.transaction(["artifacts", "chunks", "drafts"], "readwrite");
    const artifact = await transaction.objectStore("artifacts").get(id);
    const owners = new Set([id as string, artifact?.owner ?? id]);
    for (const owner of owners) await transaction.objectStore("chunks").delete(chunksOf(owner));
    await transaction.objectStore("artifacts").delete(id);
    await transaction.objectStore("drafts").delete(id);
    await transaction.done;
  }

  async draft(name: string): Promise<ArtifactDraft> {
    const database = this.#database;
    const touch = () => database.put("drafts", { name, touchedMs: Date.now() });
    await touch();
    return {
      read: (index) => database.get("chunks", [name, index]),
      write: async (index, bytes) => {
        await database.put("chunks", bytes.slice(), [name, index]);
      },
      finish: (artifact) => this.#finish(name, artifact),
      close: async () => void (await touch()),
      discard: () => this.#discard(name),
    };
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  async discardOld(beforeMs: number): Promise<void> {
    for (const { name, touchedMs } of await this.#database.getAll("drafts"))
      if (touchedMs < beforeMs) await this.#discard(name);
  }

  async #finish(name: string, artifact: StoredArtifact): Promise<void> {
    const transaction = this.#database.transaction(["artifacts", "chunks", "drafts"], "readwrite");
    const known = await transaction.objectStore("artifacts").get(artifact.id);
    const owner = known?.owner ?? name;
    await transaction.objectStore("artifacts").put({ ...artifact, hashes: artifact.hashes.slice(), owner });
    if (owner !== name) await transaction.objectStore("chunks").delete(chunksOf(name));
    await transaction.objectStore("drafts").delete(name);
    await transaction.done;
  }

  async #discard(name: string): Promise<void> {
    const transaction = this.#database.transaction(["artifacts", "chunks", "drafts"], "readwrite");
    // A draft of that name may have become an artifact long ago, whose chunks those are.
    const artifacts = await transaction.objectStore("artifacts").getAll();
    if (!artifacts.some(({ owner }) => owner === name)) await transaction.objectStore("chunks").delete(chunksOf(name));
    await transaction.objectStore("drafts").delete(name);
    await transaction.done;
  }
}

function chunksOf(owner: string): IDBKeyRange {
  return IDBKeyRange.bound([owner, 0], [owner, Number.MAX_SAFE_INTEGER]);
}
