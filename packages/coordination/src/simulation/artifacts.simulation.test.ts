import { createHash } from "node:crypto";
import { SkeinError } from "@skein/protocol";
import { expect, it } from "vitest";
import { type Artifacts, createArtifacts } from "../artifacts/artifacts.js";
import { type ArtifactId, chunkBytes, idBytes } from "../artifacts/core/content-id.js";
import { artifactsProtocol } from "../artifacts/protocol.js";
import type { Sha256 } from "../artifacts/sha256.js";
import { createMemoryStore } from "../artifacts/stores/memory-store.js";
import type { ArtifactStore } from "../artifacts/stores/store.js";
import { MemoryNetwork } from "./memory-network.test-support.js";
import { seeds, seedsTimeoutMs } from "./seeds.test-support.js";
import { VirtualClock } from "./virtual-clock.test-support.js";

const sha256: Sha256 = async (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());
const liarNumber = 5;
const memberNumbers = [1, 2, 3, 4];

/** Some contents, the same for all seeds: each chunk is another one. */
const contents = [0, 1, chunkBytes, chunkBytes * 2 + 5, chunkBytes * 5 + 1].map((bytes, number) => {
  const content = new Uint8Array(bytes);
  for (let from = 0; from < bytes; from += chunkBytes)
    content.fill(number * 16 + from / chunkBytes + 1, from, from + chunkBytes);
  return content;
});

/** Members that put and fetch while links are cut and processes crash, whose stores outlast them; and one that sends wrong bytes. */
class ArtifactsWorld {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly members = new Map<number, Artifacts>();
  readonly #stores = new Map<number, ArtifactStore>();
  readonly reports: string[] = [];
  readonly ids = new Map<ArtifactId, Uint8Array>();
  /** Whoever was called a liar. */
  readonly accused = new Set<string>();
  waits = 0;

  constructor(seed: number) {
    this.network = new MemoryNetwork(this.clock, seed);
    const slowest = this.network.random.pick([1, 30, 300]);
    this.network.delayMs = (random) => random.below(slowest);
    this.network.noticeMs = (random) => random.below(3_000);
  }

  async join(number: number): Promise<void> {
    const { clock, network } = this;
    const kept = this.#stores.get(number) ?? createMemoryStore();
    this.#stores.set(number, kept);
    const store = number === liarNumber ? lying(kept) : kept;
    const random = (length: number) => network.random.bytes(length);
    const artifacts = await createArtifacts(network.join(number), {
      store,
      clock,
      sha256,
      random,
      quotaBytes: 8 * chunkBytes,
    });
    artifacts.on("holder-dropped", ({ holder, reason }) => {
      if (reason === "lied") this.accused.add(holder);
    });
    artifacts.on("fetched", ({ counts: { asked, again, overtaken }, id }) => {
      const chunks = Math.ceil((this.ids.get(id)?.length ?? 0) / chunkBytes);
      if (asked > chunks + again + overtaken) this.reports.push("asked without a reason");
    });
    this.members.set(number, artifacts);
  }

  async step(): Promise<void> {
    const { random } = this.network;
    const [number, other] = [random.pick([...memberNumbers, liarNumber]), random.pick([...memberNumbers, liarNumber])];
    const what = random.unit();
    if (what < 0.2) await this.#put(number);
    else if (what < 0.5) this.#fetch(random.pick(memberNumbers));
    else if (what < 0.65) this.network.cut(this.network.idOf(number), this.network.idOf(other));
    else if (what < 0.85 && number !== other) this.network.connect(this.network.idOf(number), this.network.idOf(other));
    else if (what < 0.9) await this.#crash(number);
    else if (what < 0.95) await this.#remove(number);
    else await this.#boast(number);
    await this.clock.pass(random.below(1_000));
  }

  async #put(number: number): Promise<void> {
    const content = this.network.random.pick(contents);
    const put = this.members.get(number)?.put(content, { meta: { bytes: content.length } });
    await put?.then(
      ({ id }) => void this.ids.set(id, content),
      (error) => this.#expectTyped(error),
    );
  }

  #fetch(number: number): void {
    const { random } = this.network;
    const id = [...this.ids.keys()][random.below(this.ids.size)];
    const artifacts = this.members.get(number);
    if (id === undefined || artifacts === undefined) return;
    const controller = new AbortController();
    if (random.chance(0.2)) this.clock.after(random.below(2_000), () => controller.abort());
    this.waits++;
    artifacts.fetch(id, { signal: controller.signal, nobodyMs: 5_000 }).then(
      () => this.waits--,
      (error) => {
        this.waits--;
        this.#expectTyped(error);
      },
    );
  }

  async #crash(number: number): Promise<void> {
    const dead = this.members.get(number);
    this.network.crash(this.network.idOf(number));
    await dead?.close();
    await this.join(number);
  }

  async #remove(number: number): Promise<void> {
    const artifacts = this.members.get(number);
    const [first] = artifacts?.list() ?? [];
    if (first !== undefined) await artifacts?.remove(first.id);
  }

  /** Says that it has what it hasn't, or sends what nobody asked for. */
  async #boast(number: number): Promise<void> {
    const { random } = this.network;
    const id = [...this.ids.keys()][random.below(this.ids.size)];
    const liar = [...this.network.nodes].find((node) => node.id === this.network.idOf(liarNumber));
    if (id === undefined || liar === undefined || number === liarNumber) return;
    const to = this.network.idOf(number);
    const lies = [
      () => liar.send(to, artifactsProtocol.have, { artifacts: [{ id: idBytes(id), bytes: random.below(1e6) }] }),
      () => liar.send(to, artifactsProtocol.list, { id: idBytes(id), bytes: 1, hashes: new Uint8Array(32) }),
      () =>
        liar.send(to, artifactsProtocol.chunk, { id: idBytes(id), index: random.below(6), bytes: new Uint8Array(9) }),
      () => liar.send(to, artifactsProtocol.lack, { id: idBytes(id) }),
    ];
    await random
      .pick(lies)()
      .catch(() => {});
  }

  #expectTyped(error: unknown): void {
    if (!SkeinError.is(error)) this.reports.push(`untyped: ${error}`);
  }
}

it("artifacts keep their promises, whatever happens to links and processes, and whoever lies", {
  timeout: seedsTimeoutMs,
}, async () => {
  for (const seed of seeds(100)) {
    const world = new ArtifactsWorld(seed);
    const where = `seed ${seed}`;
    for (const number of [...memberNumbers, liarNumber]) await world.join(number);
    for (let step = 0; step < 40; step++) await world.step();
    await world.clock.pass(60_000);
    expect(world.waits, where).toBe(0);
    expect(world.reports, where).toEqual([]);
    world.accused.delete(world.network.idOf(liarNumber));
    expect([...world.accused], where).toEqual([]);
    for (const [number, artifacts] of world.members) {
      for (const { id } of number === liarNumber ? [] : artifacts.list()) {
        expect(Buffer.compare(await artifacts.bytes(id), world.ids.get(id) as Uint8Array), where).toBe(0);
      }
      expect(artifacts.usedBytes, where).toBe(artifacts.list().reduce((sum, { bytes }) => sum + bytes, 0));
      await artifacts.close();
    }
    await world.clock.pass(10_000);
    expect(world.clock.armed, where).toBe(0);
  }
});

/** Gives other bytes than it keeps, now and then. */
function lying(store: ArtifactStore): ArtifactStore {
  return {
    list: () => store.list(),
    draft: (name) => store.draft(name),
    remove: (id) => store.remove(id),
    close: () => store.close(),
    read: async (id, index) => {
      const bytes = (await store.read(id, index))?.slice();
      if (bytes !== undefined && index % 2 === 1) bytes[0] = (bytes[0] ?? 0) ^ 1;
      return bytes;
    },
  };
}
