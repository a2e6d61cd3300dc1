import {
  type Messenger,
  type MessengerPeerEvent,
  type PeerId,
  platformRandom,
  type RandomBytes,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";
import { platformClock } from "../clock.js";
import { isReachable } from "../presence/presence.js";
import { Emitter } from "../shared/emitter.js";
import { mustBeMeta } from "../shared/meta.js";
import { Announcer } from "./announcer.js";
import type { ArtifactSource } from "./chunks.js";
import { Catalogue, type Claim, type Listing } from "./core/catalogue.js";
import { type ArtifactId, chunkCount, idText, isArtifactId } from "./core/content-id.js";
import { Fetches, fetchAborted } from "./fetches.js";
import { Holder } from "./holder.js";
import type { Artifact, ArtifactEvents, ArtifactQuery, ArtifactsOptions, FetchOptions } from "./options.js";
import { artifactMetaBytes, artifactsProtocol } from "./protocol.js";
import { type PutOptions, putSource } from "./put.js";
import { Quota } from "./quota.js";
import { platformSha256, type Sha256 } from "./sha256.js";
import { createMemoryStore } from "./stores/memory-store.js";
import type { ArtifactStore, StoredArtifact } from "./stores/store.js";

/**
 * Shares bytes by what they are: an id names a content, whoever has it, and each chunk is checked against it as it comes.
 *
 * @throws what the store throws
 * @example
 * const artifacts = await createArtifacts(room, { store: await createFileStore("artifacts") });
 * const { id } = await artifacts.put(file.stream(), { meta: { name: "model.bin" } });
 * // elsewhere
 * await artifacts.fetch(id, { onProgress: ({ bytes, totalBytes }) => draw(bytes / totalBytes) });
 * for await (const chunk of artifacts.read(id)) use(chunk);
 */
export async function createArtifacts(messenger: Messenger, options: ArtifactsOptions = {}): Promise<Artifacts> {
  const { store = createMemoryStore() } = options;
  return new Artifacts(messenger, store, await store.list(), options);
}

/** Artifacts that are shared with everyone in reach. Made by {@link createArtifacts}. */
export class Artifacts implements AsyncDisposable {
  readonly #messenger: Messenger;
  readonly #store: ArtifactStore;
  readonly #random: RandomBytes;
  readonly #sha256: Sha256;
  readonly #quota: Quota;
  readonly #emitter = new Emitter<ArtifactEvents>();
  readonly #own = new Map<ArtifactId, StoredArtifact>();
  readonly #catalogue = new Catalogue();
  readonly #fetches: Fetches;
  readonly #announcer: Announcer;
  readonly #holder: Holder;
  readonly #stops: readonly Unsubscribe[];
  #state: "open" | "closed" = "open";

  /** @internal Use {@link createArtifacts}. */
  constructor(
    messenger: Messenger,
    store: ArtifactStore,
    stored: readonly StoredArtifact[],
    options: ArtifactsOptions,
  ) {
    this.#messenger = messenger;
    this.#store = store;
    this.#random = options.random ?? platformRandom;
    this.#sha256 = options.sha256 ?? platformSha256;
    for (const artifact of stored) this.#own.set(artifact.id, artifact);
    const usedBytes = stored.reduce((sum, { bytes }) => sum + bytes, 0);
    // What is there already stays, also where less is allowed now.
    this.#quota = new Quota(Math.max(usedBytes, options.quotaBytes ?? 1024 ** 3));
    this.#quota.take(usedBytes);
    const find = (id: ArtifactId) => this.#own.get(id);
    this.#announcer = new Announcer(messenger, find);
    const served = (to: PeerId, id: ArtifactId, bytes: number) => this.#emitter.emit("served", { id, to, bytes });
    this.#holder = new Holder({ messenger, store, find, served });
    this.#fetches = new Fetches({
      messenger,
      store,
      clock: options.clock ?? platformClock,
      quota: this.#quota,
      sha256: this.#sha256,
      dropped: (id, holder, reason) => this.#emitter.emit("holder-dropped", { id, holder, reason }),
      metaOf: (id) => this.#catalogue.find((claim) => claim.id === id)[0]?.meta,
      holdersOf: (id) => this.#catalogue.holdersOf(id),
      fetched: (artifact, counts) => {
        this.#keep(artifact);
        this.#emitter.emit("fetched", { id: artifact.id, counts });
      },
    });
    this.#stops = [...this.#handlers(), messenger.onPeer((event) => this.#hear(event))];
    for (const peer of messenger.peers.values()) if (isReachable(peer)) this.#hear({ type: "reachable", peer });
  }

  /** What we have. */
  list(): readonly Artifact[] {
    return [...this.#own.values()].map(shown);
  }

  /** What we have, or know that others have, of that id. */
  get(id: string): Artifact | undefined {
    const artifact = isArtifactId(id) ? this.#own.get(id) : undefined;
    return artifact && shown(artifact);
  }

  /** What others say that they have. Their words are theirs: only the id says what the bytes are. */
  find({ id, meta = {}, where = () => true }: ArtifactQuery = {}): readonly Listing[] {
    const wanted = Object.entries(meta);
    return this.#catalogue.find(
      (claim) =>
        (id === undefined || claim.id === id) &&
        wanted.every(([key, value]) => (claim.meta as Record<string, unknown> | undefined | null)?.[key] === value) &&
        where(claim),
    );
  }

  /** The bytes that are kept, or on their way. */
  get usedBytes(): number {
    return this.#quota.usedBytes;
  }

  /** What others asked or said beyond what they may: passed over. */
  get overLimit(): number {
    return this.#catalogue.overLimit + this.#holder.overLimit;
  }

  /** Listens for an event; gives what ends that. */
  on<Name extends keyof ArtifactEvents>(name: Name, listener: (event: ArtifactEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /**
   * Keeps bytes and tells everyone that we have them. Reads the source once, a chunk at a time.
   * @throws {SkeinError} `too-large` over the quota, 16 GiB, or a meta of 1 KiB; `bad-argument`, `bad-body`, `aborted`, `closed`; and what the source or
   * the store throws
   */
  async put(source: ArtifactSource, options: PutOptions = {}): Promise<Artifact> {
    this.#mustBeOpen();
    mustBeMeta(options.meta, artifactMetaBytes);
    const world = { store: this.#store, quota: this.#quota, sha256: this.#sha256, random: this.#random };
    const artifact = await putSource(source, options, world);
    this.#mustBeOpen();
    return this.#keep(artifact);
  }

  /**
   * Gets an artifact from whoever has it, from several at once, and keeps it. What an earlier fetch brought isn't fetched again. Where we have it
   * already, that is all.
   * @throws {SkeinError} `no-such-peer` where nobody has it for `nobodyMs`, `bad-argument` where that is no id, `too-large` over the quota, `aborted`,
   * `closed`; and what the store throws
   */
  async fetch(id: string, options: FetchOptions = {}): Promise<Artifact> {
    this.#mustBeOpen();
    if (!isArtifactId(id)) throw new SkeinError("bad-argument", "An artifact's id has 64 characters of 0-9 a-f.");
    const own = this.#own.get(id);
    if (own !== undefined) return shown(own);
    if (options.signal?.aborted) throw fetchAborted(options.signal);
    return shown(await this.#fetches.fetch(id, options));
  }

  /**
   * The bytes of an artifact that we have, in order.
   * @throws {SkeinError} `bad-argument` where we don't have it, `bad-message` where the store lost some of it
   */
  async *read(id: string): AsyncGenerator<Uint8Array, void, void> {
    const artifact = isArtifactId(id) ? this.#own.get(id) : undefined;
    if (artifact === undefined) throw new SkeinError("bad-argument", "We don't have this artifact: fetch it first.");
    for (let index = 0; index < chunkCount(artifact.bytes); index++) {
      const bytes = await this.#store.read(artifact.id, index);
      if (bytes === undefined)
        throw new SkeinError("bad-message", "The store lost a part of this artifact: remove and fetch it.");
      yield bytes;
    }
  }

  /** All of its bytes at once: for small ones. @throws {SkeinError} as {@link Artifacts.read} */
  async bytes(id: string): Promise<Uint8Array> {
    const all = new Uint8Array(this.get(id)?.bytes ?? 0);
    let filled = 0;
    for await (const chunk of this.read(id)) {
      all.set(chunk, filled);
      filled += chunk.length;
    }
    return all;
  }

  /** Forgets it, and what an unfinished fetch left of it, and tells everyone; a fetch under way fails with `aborted`. Others who have it keep it. */
  async remove(id: string): Promise<void> {
    this.#mustBeOpen();
    if (!isArtifactId(id)) return;
    await this.#fetches.get(id)?.stop(new SkeinError("aborted", "The artifact was removed while it was fetched."));
    const artifact = this.#own.get(id);
    if (this.#own.delete(id)) this.#announcer.tellAll(id);
    await this.#store.remove(id);
    this.#quota.giveBack(artifact?.bytes ?? 0);
  }

  /** Ends all fetches with `closed`, serves nobody any more, and closes the store. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const stop of this.#stops) stop();
    this.#announcer.close();
    this.#holder.close();
    await this.#fetches.stopAll(new SkeinError("closed", "Artifacts were closed before this one was here."));
    this.#emitter.clear();
    await this.#store.close();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #handlers(): Unsubscribe[] {
    const { have, forget, want, unwant, list, chunk, lack } = artifactsProtocol;
    const messenger = this.#messenger;
    const fetchOf = (id: Uint8Array) => this.#fetches.get(idText(id));
    return [
      messenger.handle(have, ({ artifacts, hello }, { id: peer }) => {
        for (const claim of artifacts) this.#hearClaim(peer, { ...claim, id: idText(claim.id) });
        if (hello) this.#announcer.meet(peer, this.#own.keys(), false);
      }),
      messenger.handle(forget, ({ ids }, { id: peer }) => {
        for (const id of ids) this.#hearForgotten(peer, idText(id));
      }),
      messenger.handle(want, ({ id, list: wantsList, chunks = [] }, { id: peer }) =>
        this.#holder.want(peer, idText(id), wantsList ? ["list", ...chunks] : chunks),
      ),
      messenger.handle(unwant, ({ id }, { id: peer }) => this.#holder.unwant(peer, idText(id))),
      messenger.handle(list, ({ id, ...manifest }, { id: peer }) => fetchOf(id)?.takeList(peer, manifest)),
      messenger.handle(chunk, ({ id, index, bytes }, { id: peer }) => fetchOf(id)?.takeChunk(peer, index, bytes)),
      messenger.handle(lack, ({ id }, { id: peer }) => this.#hearForgotten(peer, idText(id), "lacks")),
    ];
  }

  #hear({ type, peer: { id: peer } }: MessengerPeerEvent): void {
    if (type === "reachable") return this.#announcer.meet(peer, this.#own.keys(), true);
    if (type !== "gone") return;
    this.#announcer.leave(peer);
    this.#holder.leave(peer);
    for (const fetch of this.#fetches.all) fetch.lost(peer);
    for (const id of this.#catalogue.leave(peer)) this.#emitter.emit("forgotten", { id, holder: peer });
  }

  #hearClaim(holder: PeerId, claim: Claim): void {
    const isNews = this.#catalogue.add(holder, claim);
    this.#fetches.get(claim.id)?.holder(holder);
    if (isNews) this.#emitter.emit("announced", { ...claim, holder });
  }

  #hearForgotten(holder: PeerId, id: ArtifactId, how: "forgets" | "lacks" = "forgets"): void {
    if (how === "lacks") this.#fetches.get(id)?.lacks(holder);
    else this.#fetches.get(id)?.lost(holder);
    if (this.#catalogue.remove(holder, id)) this.#emitter.emit("forgotten", { id, holder });
  }

  #keep(artifact: StoredArtifact): Artifact {
    const known = this.#own.get(artifact.id);
    // It was there already: what was counted for it a second time is free again.
    if (known !== undefined) this.#quota.giveBack(artifact.bytes);
    this.#own.set(artifact.id, artifact);
    if (this.#state === "open") this.#announcer.tellAll(artifact.id);
    return shown(artifact);
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw new SkeinError("closed", "These artifacts were closed: create others.");
  }
}

function shown({ id, bytes, meta }: StoredArtifact): Artifact {
  return { id, bytes, ...(meta === undefined ? {} : { meta }) };
}
