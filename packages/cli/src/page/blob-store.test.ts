import { type Artifacts, chunkBytes, createArtifacts } from "@skein/coordination";
import type { Messenger } from "@skein/protocol";
import { expect, it } from "vitest";
import { BlobStore } from "./blob-store.js";

/** Nobody is there. */
const alone = { id: "me", peers: new Map(), handle: () => () => {}, onPeer: () => () => {} } as unknown as Messenger;

async function shelf(): Promise<{ store: BlobStore; artifacts: Artifacts }> {
  const store = new BlobStore();
  return { store, artifacts: await createArtifacts(alone, { store }) };
}

it("gives back what was put, chunk by chunk and as one blob", async () => {
  const { store, artifacts } = await shelf();
  const bytes = Uint8Array.from({ length: chunkBytes + 7 }, (_, index) => (index * 31) % 251);
  const { id } = await artifacts.put(new Blob([bytes]));
  expect(await artifacts.bytes(id)).toEqual(bytes);
  expect(new Uint8Array((await store.blob(id)?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(bytes);
  await artifacts.remove(id);
  expect(store.blob(id)).toBeUndefined();
  expect(await store.list()).toEqual([]);
});

it("takes an empty one", async () => {
  const { store, artifacts } = await shelf();
  const { id } = await artifacts.put(new Uint8Array());
  expect(store.blob(id)?.size).toBe(0);
});
