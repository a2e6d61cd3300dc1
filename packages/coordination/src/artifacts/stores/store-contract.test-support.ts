import { describe, expect, it } from "vitest";
import { type ArtifactId, chunkBytes, hashBytes } from "../core/content-id.js";
import type { ArtifactStore, StoredArtifact } from "./store.js";

/** A place where stores come and go, and what they keep stays. */
export interface StorePlace {
  /** A store as after a restart of its process. */
  open(): Promise<ArtifactStore>;
  /** Whether what is kept outlasts the store. */
  readonly isLasting: boolean;
}

const idOf = (digit: string) => digit.repeat(64) as ArtifactId;
const full = (fill: number) => new Uint8Array(chunkBytes).fill(fill);
const short = Uint8Array.from([1, 2, 3]);
const two: StoredArtifact = {
  id: idOf("a"),
  bytes: chunkBytes + short.length,
  hashes: new Uint8Array(2 * hashBytes).fill(7),
  meta: { name: "two" },
};

/** What every store of artifacts has to do. */
export function storeContract(name: string, place: () => Promise<StorePlace>): void {
  describe(name, () => {
    it("lists and gives back what was finished, and nothing of what wasn't", async () => {
      const store = await (await place()).open();
      const draft = await store.draft("put-1");
      await draft.write(0, full(1));
      await draft.write(1, short);
      expect(await store.list()).toEqual([]);
      expect(await store.read(two.id, 0)).toBeUndefined();
      await draft.finish(two);
      expect(await store.list()).toEqual([two]);
      expect(await store.read(two.id, 0)).toEqual(full(1));
      expect(await store.read(two.id, 1)).toEqual(short);
      expect(await store.read(two.id, 2)).toBeUndefined();
      await store.close();
    });

    it("takes chunks in any order, and keeps what was written of them", async () => {
      const store = await (await place()).open();
      const draft = await store.draft(two.id);
      // A view of something larger, as what comes with a message.
      const message = new Uint8Array(chunkBytes * 2);
      message.set(short, 7);
      await draft.write(1, message.subarray(7, 7 + short.length));
      await draft.write(0, full(2));
      expect(await draft.read(1)).toEqual(short);
      await draft.finish(two);
      expect(await store.read(two.id, 1)).toEqual(short);
      await store.close();
    });

    it("keeps an artifact of no bytes", async () => {
      const store = await (await place()).open();
      const empty = { id: idOf("e"), bytes: 0, hashes: new Uint8Array() };
      await (await store.draft("put-2")).finish(empty);
      expect(await store.list()).toEqual([empty]);
      expect(await store.read(empty.id, 0)).toBeUndefined();
      await store.close();
    });

    it("forgets what is removed or discarded", async () => {
      const store = await (await place()).open();
      const draft = await store.draft("put-3");
      await draft.write(0, full(1));
      await draft.discard();
      const again = await store.draft("put-3");
      expect(await again.read(0)).toBeUndefined();
      await again.close();
      const other = await store.draft("put-4");
      await other.write(0, full(1));
      await other.write(1, short);
      await other.finish(two);
      await store.remove(two.id);
      expect(await store.list()).toEqual([]);
      expect(await store.read(two.id, 0)).toBeUndefined();
      await store.remove(two.id);
      await store.close();
    });

    it("forgets with an artifact what was begun of it", async () => {
      const store = await (await place()).open();
      const draft = await store.draft(two.id);
      await draft.write(0, full(1));
      await draft.close();
      await store.remove(two.id);
      const again = await store.draft(two.id);
      expect(await again.read(0)).toBeUndefined();
      await again.close();
      await store.close();
    });

    it("keeps one that is finished twice, with the later meta", async () => {
      const store = await (await place()).open();
      for (const [index, meta] of [{ name: "first" }, { name: "second" }].entries()) {
        const draft = await store.draft(`put-${index}`);
        await draft.write(0, full(1));
        await draft.write(1, short);
        await draft.finish({ ...two, meta });
      }
      expect(await store.list()).toEqual([{ ...two, meta: { name: "second" } }]);
      expect(await store.read(two.id, 0)).toEqual(full(1));
      await store.close();
    });

    it("gives what was begun to whoever goes on with it, also after a restart where it lasts", async () => {
      const where = await place();
      const store = await where.open();
      const draft = await store.draft(two.id);
      await draft.write(0, full(9));
      await draft.close();
      if (where.isLasting) await store.close();
      const again = where.isLasting ? await where.open() : store;
      expect(await again.list()).toEqual([]);
      const rest = await again.draft(two.id);
      expect(await rest.read(0)).toEqual(full(9));
      await rest.write(1, short);
      await rest.finish(two);
      await again.close();
      if (!where.isLasting) return;
      const later = await where.open();
      expect(await later.list()).toEqual([two]);
      expect(await later.read(two.id, 1)).toEqual(short);
      await later.close();
    });
  });
}
