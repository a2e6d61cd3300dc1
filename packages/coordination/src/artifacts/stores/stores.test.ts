import "fake-indexeddb/auto";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ArtifactId, chunkBytes, hashBytes } from "../core/content-id.js";
import { createBlobStore } from "./blob-store.js";
import { createFileStore } from "./file-store.node.js";
import { createIndexedDbStore } from "./indexed-db-store.js";
import { createMemoryStore } from "./memory-store.js";
import { storeContract } from "./store-contract.test-support.js";

let folder = "";
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-artifacts-"));
});
afterAll(() => rm(folder, { recursive: true }));
const id = "b".repeat(64) as ArtifactId;
const one = { id, bytes: 3, hashes: new Uint8Array(hashBytes) };
const fresh = () => join(folder, `${count++}`);

storeContract("in memory", async () => {
  const store = createMemoryStore();
  return { open: async () => store, isLasting: false };
});

storeContract("in blobs", async () => {
  const store = createBlobStore();
  return { open: async () => store, isLasting: false };
});

it("blobs give an artifact as one, its chunks in order, however they came", async () => {
  const store = createBlobStore();
  const draft = await store.draft("put-1");
  await draft.write(1, Uint8Array.of(9));
  await draft.write(0, new Uint8Array(chunkBytes).fill(7));
  await draft.finish({ id, bytes: chunkBytes + 1, hashes: new Uint8Array(2 * hashBytes) });
  const bytes = new Uint8Array((await store.blob(id)?.arrayBuffer()) ?? new ArrayBuffer());
  expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([chunkBytes + 1, 7, 9]);
  await store.remove(id);
  expect(store.blob(id)).toBeUndefined();
});

storeContract("in a folder", async () => {
  const path = fresh();
  return { open: () => createFileStore(path), isLasting: true };
});

storeContract("in IndexedDB", async () => {
  const name = `store-${count++}`;
  return { open: () => createIndexedDbStore(name), isLasting: true };
});

it("a folder never has half a file under its name", async () => {
  const path = fresh();
  const store = await createFileStore(path);
  const draft = await store.draft(id);
  await draft.write(0, Uint8Array.from([1, 2, 3]));
  expect(await readdir(path)).toEqual([`${id}.part`]);
  await draft.finish(one);
  expect((await readdir(path)).sort()).toEqual([`${id}.data`, `${id}.head`]);
  await store.close();
});

it("a folder lists nothing whose head was broken, and gives none of it", async () => {
  const path = fresh();
  const store = await createFileStore(path);
  await writeFile(join(path, `${id}.head`), "no head");
  await writeFile(join(path, `${id}.data`), "abc");
  await writeFile(join(path, "notes.head"), "of somebody else");
  expect(await store.list()).toEqual([]);
  expect(await store.read(id, 0)).toBeUndefined();
});

it("a folder gives no chunk that is shorter than it was", async () => {
  const path = fresh();
  const store = await createFileStore(path);
  const draft = await store.draft("put-1");
  await draft.write(0, new Uint8Array(chunkBytes));
  await draft.finish({ ...one, bytes: chunkBytes });
  await writeFile(join(path, `${id}.data`), "cut");
  expect(await store.read(id, 0)).toBeUndefined();
  await store.close();
});

it("a folder forgets drafts that nobody has touched for a week", async () => {
  const path = fresh();
  await (await (await createFileStore(path)).draft("put-1")).close();
  const draft = await (await createFileStore(path)).draft("put-2");
  await draft.close();
  await utimes(join(path, "put-1.part"), 0, 0);
  await createFileStore(path);
  expect(await readdir(path)).toEqual(["put-2.part"]);
});

it("a folder that can't be one is refused with a sentence", async () => {
  const path = fresh();
  await writeFile(path, "");
  await expect(createFileStore(path)).rejects.toMatchObject({ code: "bad-argument" });
});
