import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemoryNetwork } from "../simulation/memory-network.test-support.js";
import { VirtualClock } from "../simulation/virtual-clock.test-support.js";
import { createArtifacts } from "./artifacts.js";
import { type ArtifactId, chunkBytes, idBytes } from "./core/content-id.js";
import { silentMs } from "./core/fetch-plan.js";
import type { ArtifactsOptions } from "./options.js";
import { artifactsProtocol } from "./protocol.js";
import { portableSha256, type Sha256 } from "./sha256.js";
import { createFileStore } from "./stores/file-store.node.js";
import { createMemoryStore } from "./stores/memory-store.js";
import type { ArtifactStore } from "./stores/store.js";

const sha256: Sha256 = async (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

function world(seed = 1) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock, seed);
  const join = async (number: number, options: ArtifactsOptions = {}) => {
    const node = network.join(number);
    const random = (length: number) => network.random.bytes(length);
    const artifacts = await createArtifacts(node, { clock, random, sha256, ...options });
    return { node, id: node.id, artifacts };
  };
  return { clock, network, join };
}

/** Each chunk is another one. */
const content = (chunks: number, rest = 7) => {
  const bytes = new Uint8Array(chunks * chunkBytes + rest);
  for (let index = 0; index <= chunks; index++) bytes.fill(index + 1, index * chunkBytes, (index + 1) * chunkBytes);
  return bytes;
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-fetch-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("artifacts", () => {
  it.each([
    ["no bytes", 0, 0],
    ["one byte", 0, 1],
    ["one chunk", 1, 0],
    ["one chunk and a byte", 1, 1],
    ["many chunks", 20, 99],
  ])("are fetched byte by byte as they were put: %s", async (_what, chunks, rest) => {
    const { clock, join } = world();
    const [a, b] = [await join(1), await join(2)];
    const bytes = content(chunks, rest);
    const { id } = await a.artifacts.put(bytes, { meta: { name: "x" } });
    await clock.pass(10);
    expect(b.artifacts.find({ meta: { name: "x" } })).toMatchObject([{ id, bytes: bytes.length, holders: [a.id] }]);
    expect(await clock.settled(b.artifacts.fetch(id))).toEqual({ id, bytes: bytes.length, meta: { name: "x" } });
    expect(Buffer.compare(await b.artifacts.bytes(id), bytes)).toBe(0);
  });

  it("have the same id whoever puts them, in whatever pieces", async () => {
    const { join } = world();
    const { artifacts } = await join(1);
    const bytes = content(2);
    const pieces = [bytes.subarray(0, 5), bytes.subarray(5, chunkBytes + 9), bytes.subarray(chunkBytes + 9)];
    const { id } = await artifacts.put(bytes);
    expect((await artifacts.put(pieces)).id).toBe(id);
    expect((await artifacts.put(new Blob(pieces as BlobPart[]))).id).toBe(id);
    expect((await artifacts.put(new Blob(pieces as BlobPart[]).stream())).id).toBe(id);
    expect((await artifacts.put(content(2, 8))).id).not.toBe(id);
    expect(artifacts.list()).toHaveLength(2);
    expect(artifacts.usedBytes).toBe(bytes.length * 2 + 1);
  });

  it("are announced to whoever comes later, and to whoever begins to listen later", async () => {
    const { clock, network, join } = world();
    const a = await join(1);
    const late = network.join(2);
    await clock.pass(10);
    const { id } = await a.artifacts.put(content(0));
    await clock.pass(10);
    const listening = await createArtifacts(late, { clock, sha256 });
    const c = await join(3);
    await clock.pass(10);
    expect(listening.find({ id })).toHaveLength(1);
    expect(c.artifacts.find({ id })).toHaveLength(1);
    await a.artifacts.remove(id);
    await clock.pass(10);
    expect(c.artifacts.find()).toEqual([]);
  });

  it("come from several holders at once, each chunk once", async () => {
    const { clock, network, join } = world();
    const holders = await Promise.all([1, 2, 3].map((number) => join(number)));
    const bytes = content(60);
    const served = new Map<string, number>();
    for (const { artifacts, id } of holders) {
      await artifacts.put(bytes);
      artifacts.on("served", () => served.set(id, (served.get(id) ?? 0) + 1));
    }
    network.delayMs = () => 10;
    const d = await join(4);
    await clock.pass(100);
    const [{ id } = { id: "" }] = d.artifacts.find();
    const counts: unknown[] = [];
    d.artifacts.on("fetched", (event) => counts.push(event.counts));
    await clock.settled(d.artifacts.fetch(id));
    expect(counts).toEqual([{ asked: 61, again: 0, overtaken: 0, late: 0 }]);
    expect([...served.values()].reduce((sum, each) => sum + each, 0)).toBe(61);
    expect(Math.min(...served.values())).toBeGreaterThan(10);
    expect(Buffer.compare(await d.artifacts.bytes(id), bytes)).toBe(0);
  });

  it("go on with the others when a holder is lost in the middle", async () => {
    const { clock, network, join } = world();
    const [a, b, c] = [await join(1), await join(2), await join(3)];
    const bytes = content(40);
    const { id } = await a.artifacts.put(bytes);
    await b.artifacts.put(bytes);
    network.delayMs = () => 20;
    await clock.pass(100);
    const fetched = c.artifacts.fetch(id, {
      onProgress: ({ bytes: done }) => {
        if (done > 10 * chunkBytes) network.crash(a.id);
      },
    });
    expect(await clock.settled(fetched)).toMatchObject({ id });
    expect(Buffer.compare(await c.artifacts.bytes(id), bytes)).toBe(0);
  });

  it("drop a holder that sends wrong bytes, name it, and take none of them", async () => {
    const { clock, network, join } = world();
    const honest = await join(1);
    const bytes = content(12);
    const { id } = await honest.artifacts.put(bytes);
    const store = createMemoryStore();
    const liar = await join(2, { store: lying(store) });
    await liar.artifacts.put(bytes);
    network.delayMs = () => 5;
    const c = await join(3);
    await clock.pass(100);
    const dropped: unknown[] = [];
    c.artifacts.on("holder-dropped", (event) => dropped.push(event));
    await clock.settled(c.artifacts.fetch(id));
    expect(dropped).toEqual([{ id, holder: liar.id, reason: "lied" }]);
    expect(Buffer.compare(await c.artifacts.bytes(id), bytes)).toBe(0);
  });

  it("drop a holder that sends another list than that of the id, and one that says nothing", async () => {
    const { clock, network, join } = world();
    const [liar, silent] = [network.join(1), network.join(4)];
    const [honest, c] = [await join(2), await join(3)];
    const id = (await (await join(9)).artifacts.put(content(1))).id;
    network.crash(network.idOf(9));
    liar.handle(artifactsProtocol.want, () =>
      liar.send(c.id, artifactsProtocol.list, { id: idBytes(id), bytes: 3, hashes: new Uint8Array(32) }),
    );
    for (const node of [liar, silent]) {
      await node.send(c.id, artifactsProtocol.have, { artifacts: [{ id: idBytes(id), bytes: 3 }] });
      await clock.pass(10);
    }
    await honest.artifacts.put(content(1));
    await clock.pass(10);
    const dropped: unknown[] = [];
    c.artifacts.on("holder-dropped", ({ holder, reason }) => dropped.push([holder, reason]));
    await clock.settled(c.artifacts.fetch(id));
    expect(dropped).toEqual([
      [liar.id, "lied"],
      [silent.id, "silent"],
    ]);
    expect(c.artifacts.get(id)?.bytes).toBe(chunkBytes + 7);
    expect(clock.nowMs()).toBeLessThan(silentMs + 1_000);
  });

  it("are fetched on where an earlier fetch ended, also after a restart", async () => {
    const { clock, network, join } = world();
    const a = await join(1);
    const bytes = content(30);
    const { id } = await a.artifacts.put(bytes);
    network.delayMs = () => 10;
    const path = `${folder}/resumed`;
    const b = await join(2, { store: await createFileStore(path) });
    await clock.pass(100);
    const controller = new AbortController();
    const fetched = b.artifacts.fetch(id, {
      signal: controller.signal,
      onProgress: ({ bytes: done }) => {
        if (done >= 10 * chunkBytes) controller.abort();
      },
    });
    await expect(settledWithDisk(clock, fetched)).rejects.toMatchObject({ code: "aborted" });
    await b.artifacts.close();
    network.crash(b.id);
    const again = await join(2, { store: await createFileStore(path) });
    expect(again.artifacts.list()).toEqual([]);
    const served: number[] = [];
    a.artifacts.on("served", ({ bytes: length }) => served.push(length));
    await clock.pass(100);
    await settledWithDisk(clock, again.artifacts.fetch(id));
    expect(served.length).toBeLessThanOrEqual(21);
    expect(Buffer.compare(await again.artifacts.bytes(id), bytes)).toBe(0);
    await again.artifacts.close();
  });

  it("fail with no-such-peer where nobody has them, and wait for one that comes in time", async () => {
    const { clock, join } = world();
    const a = await join(1);
    const id = (await (await join(9)).artifacts.put(content(0, 9))).id;
    const { clock: elsewhere, join: joinElsewhere } = world();
    const alone = await joinElsewhere(1);
    const lost = alone.artifacts.fetch(id, { nobodyMs: 5_000 });
    await expect(elsewhere.settled(lost)).rejects.toMatchObject({ code: "no-such-peer" });
    expect(elsewhere.nowMs()).toBe(5_000);
    const waiting = alone.artifacts.fetch(id, { nobodyMs: 5_000 });
    await elsewhere.pass(2_000);
    await (await joinElsewhere(2)).artifacts.put(content(0, 9));
    expect(await elsewhere.settled(waiting)).toMatchObject({ id });
    await clock.settled(a.artifacts.fetch(id));
  });

  it("share one fetch of the same, which goes on while anybody waits for it", async () => {
    const { clock, join } = world();
    const [a, b] = [await join(1), await join(2)];
    const { id } = await a.artifacts.put(content(10));
    await clock.pass(10);
    const controller = new AbortController();
    const first = b.artifacts.fetch(id, { signal: controller.signal });
    const second = b.artifacts.fetch(id);
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    expect(await clock.settled(second)).toMatchObject({ id });
  });

  it("keep to the quota, whatever others say, and are free of it when removed", async () => {
    const { clock, join } = world();
    const a = await join(1);
    const { id } = await a.artifacts.put(content(4));
    const b = await join(2, { quotaBytes: 3 * chunkBytes });
    await clock.pass(10);
    await expect(clock.settled(b.artifacts.fetch(id))).rejects.toMatchObject({ code: "too-large" });
    await expect(b.artifacts.put(content(4))).rejects.toMatchObject({ code: "too-large" });
    expect(b.artifacts.usedBytes).toBe(0);
    const small = await b.artifacts.put(content(2));
    await expect(b.artifacts.put(content(2, 9))).rejects.toMatchObject({ code: "too-large" });
    await b.artifacts.remove(small.id);
    expect(b.artifacts.usedBytes).toBe(0);
    await b.artifacts.put(content(2, 9));
  });

  it("fail as their store does, and leave nothing counted", async () => {
    const { clock, join } = world();
    const a = await join(1);
    const { id } = await a.artifacts.put(content(4));
    const store = createMemoryStore();
    const full: typeof store = {
      ...lying(store),
      draft: async (name) => ({
        ...(await store.draft(name)),
        write: () => Promise.reject(new Error("the disk is full")),
      }),
    };
    const b = await join(2, { store: full });
    await clock.pass(10);
    await expect(clock.settled(b.artifacts.fetch(id))).rejects.toThrow("the disk is full");
    await expect(b.artifacts.put(content(1))).rejects.toThrow("the disk is full");
    expect(b.artifacts.usedBytes).toBe(0);
    await clock.pass(60_000);
    expect(clock.armed).toBe(0);
  });

  it.each([
    ["a disk", Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })],
    ["a browser", new DOMException("The quota has been exceeded.", "QuotaExceededError")],
  ])("fail with too-large where %s has no room left", async (_where, cause) => {
    const { clock, join } = world();
    const a = await join(1);
    const { id } = await a.artifacts.put(content(2));
    const store = createMemoryStore();
    const draft = async (name: string) => ({ ...(await store.draft(name)), write: () => Promise.reject(cause) });
    const b = await join(2, { store: { ...lying(store), draft } });
    await clock.pass(10);
    await expect(clock.settled(b.artifacts.fetch(id))).rejects.toMatchObject({ code: "too-large", cause });
    await expect(b.artifacts.put(content(1))).rejects.toMatchObject({ code: "too-large", cause });
    expect(b.artifacts.usedBytes).toBe(0);
  });

  it("refuse what is no id, no bytes, too much meta", async () => {
    const { join } = world();
    const { artifacts } = await join(1);
    await expect(artifacts.fetch("../../etc/passwd")).rejects.toMatchObject({ code: "bad-argument" });
    await expect(artifacts.put(["text"] as never)).rejects.toMatchObject({ code: "bad-argument" });
    await expect(artifacts.put(content(0), { meta: "x".repeat(2_000) })).rejects.toMatchObject({ code: "too-large" });
    await expect(artifacts.bytes("0".repeat(64))).rejects.toMatchObject({ code: "bad-argument" });
    expect(artifacts.usedBytes).toBe(0);
  });

  it("cost a peer that wants everything, or has everything, no more than its share of us", async () => {
    const { clock, network, join } = world();
    const a = await join(1);
    const { id } = await a.artifacts.put(content(4));
    const greedy = network.join(2);
    const chunks = Array.from({ length: 64 }, (_, index) => index);
    for (let times = 0; times < 50; times++)
      void greedy.send(a.id, artifactsProtocol.want, { id: idBytes(id), chunks });
    const boast = (count: number) => ({
      artifacts: Array.from({ length: 64 }, (_, index) => ({ id: name(count * 64 + index), bytes: 1 })),
    });
    for (let count = 0; count < 50; count++) void greedy.send(a.id, artifactsProtocol.have, boast(count));
    await clock.pass(1_000);
    expect(a.artifacts.find()).toHaveLength(1024);
    expect(a.artifacts.overLimit).toBeGreaterThan(0);
    const other = await join(3);
    await clock.pass(10);
    expect(await clock.settled(other.artifacts.fetch(id))).toMatchObject({ id });
  });

  it("give an asker that doesn't read two chunks at the most, and the others theirs meanwhile", async () => {
    const { clock, network, join } = world();
    const reads: number[] = [];
    const store = createMemoryStore();
    const counting = {
      ...bound(store),
      read: (id: ArtifactId, index: number) => store.read(id, index).finally(() => reads.push(index)),
    };
    const a = await join(1, { store: counting });
    const { id } = await a.artifacts.put(content(60));
    const greedy = network.join(2);
    // It never is done with what comes: the link's window fills.
    greedy.handle(artifactsProtocol.chunk, () => new Promise(() => {}));
    const chunks = Array.from({ length: 60 }, (_, index) => index);
    for (let times = 0; times < 9; times++)
      await greedy.send(a.id, artifactsProtocol.want, { id: idBytes(id), chunks });
    await clock.pass(5_000);
    // Sixteen fill the window of this network; two wait.
    expect(reads.length).toBeLessThanOrEqual(18);
    const other = await join(3);
    await clock.pass(10);
    expect(await clock.settled(other.artifacts.fetch(id))).toMatchObject({ id });
  });

  it("end with closed when they are closed, and leave no timer", async () => {
    const { clock, join } = world();
    const a = await join(1);
    const fetched = a.artifacts.fetch("0".repeat(64));
    await a.artifacts.close();
    await expect(fetched).rejects.toMatchObject({ code: "closed" });
    await expect(a.artifacts.fetch("0".repeat(64))).rejects.toMatchObject({ code: "closed" });
    await clock.pass(10);
    expect(clock.armed).toBe(0);
  });

  it("have ids that a library and the platform agree on", async () => {
    const bytes = content(1);
    expect(await portableSha256(bytes)).toEqual(await sha256(bytes));
  });
});

function bound(store: ArtifactStore): ArtifactStore {
  return {
    list: () => store.list(),
    read: (id, index) => store.read(id, index),
    draft: (name) => store.draft(name),
    remove: (id) => store.remove(id),
    close: () => store.close(),
  };
}

/** Gives other bytes than it keeps. */
function lying(store: ReturnType<typeof createMemoryStore>): ReturnType<typeof createMemoryStore> {
  return {
    ...bound(store),
    read: async (id, index) => {
      const bytes = (await store.read(id, index))?.slice();
      if (bytes !== undefined && index % 3 === 1) bytes[0] = (bytes[0] ?? 0) ^ 1;
      return bytes;
    },
  };
}

function name(number: number): Uint8Array {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, number + 1);
  return id;
}

/** A disk takes real time, in which the virtual one stands still. */
async function settledWithDisk<Value>(clock: VirtualClock, promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  while (!isSettled) await clock.pass(1);
  return promise;
}
