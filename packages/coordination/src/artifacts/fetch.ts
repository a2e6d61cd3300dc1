import { equalBytes, type Messenger, type PeerId, SkeinError } from "@skein/protocol";
import type { Clock } from "../clock.js";
import { Alarm } from "../shared/alarm.js";
import { deferred } from "../shared/deferred.js";
import {
  type ArtifactId,
  chunkCount,
  chunkHash,
  chunkLength,
  idBytes,
  idInput,
  isManifest,
  type Manifest,
} from "./core/content-id.js";
import type { DropReason, FetchCounts, FetchEffect, FetchEvent } from "./core/fetch-events.js";
import { FetchPlan } from "./core/fetch-plan.js";
import { artifactsProtocol } from "./protocol.js";
import type { Quota } from "./quota.js";
import type { Sha256 } from "./sha256.js";
import { storeError } from "./store-error.js";
import type { ArtifactDraft, ArtifactStore, StoredArtifact } from "./stores/store.js";

export interface FetchWorld {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly store: ArtifactStore;
  readonly quota: Quota;
  readonly sha256: Sha256;
  readonly dropped: (id: ArtifactId, holder: PeerId, reason: DropReason) => void;
  readonly metaOf: (id: ArtifactId) => unknown;
}

/** How far a fetch is. */
export interface FetchProgress {
  /** Right, and in the store; with what was there before. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly holders: readonly PeerId[];
}

/** One artifact on its way into the store, as its plan says. */
export class Fetch {
  readonly #id: ArtifactId;
  readonly #world: FetchWorld;
  readonly #plan: FetchPlan;
  readonly #alarm: Alarm;
  readonly #result = deferred<StoredArtifact>();
  /** Chunks that came and are being checked: each once, whatever is sent. */
  readonly #checking = new Set<string>();
  readonly #listeners = new Set<(progress: FetchProgress) => void>();
  #manifest: Manifest | undefined;
  #draft: ArtifactDraft | undefined;
  #doneBytes = 0;
  #state: "open" | "over" = "open";

  constructor(id: ArtifactId, nobodyMs: number, world: FetchWorld) {
    this.#id = id;
    this.#world = world;
    this.#plan = new FetchPlan(nobodyMs, world.clock.nowMs());
    this.#alarm = new Alarm(world.clock, () => this.#feed({ type: "woke" }));
    this.#alarm.set(this.#plan.deadline()?.atMs);
  }

  /** @throws {SkeinError} `no-such-peer`, `too-large`, `aborted`, `closed`, and what the store throws */
  get result(): Promise<StoredArtifact> {
    return this.#result.promise;
  }

  get counts(): FetchCounts {
    return this.#plan.counts;
  }

  listen(listener: (progress: FetchProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  holder(holder: PeerId): void {
    this.#feed({ type: "holder", holder });
  }

  lost(holder: PeerId): void {
    this.#feed({ type: "lost", holder });
  }

  lacks(holder: PeerId): void {
    this.#feed({ type: "lacks", holder });
  }

  /** A list came. Resolves once it is dealt with. */
  async takeList(holder: PeerId, manifest: Manifest): Promise<void> {
    if (this.#state === "over" || this.#manifest !== undefined) return;
    const isRight = isManifest(manifest) && equalBytes(await this.#world.sha256(idInput(manifest)), idBytes(this.#id));
    // Another one may have brought it meanwhile.
    if (this.#manifest !== undefined) return;
    if (isRight) this.#manifest = { bytes: manifest.bytes, hashes: manifest.hashes.slice() };
    this.#feed({ type: "list", holder, is: isRight ? "right" : "wrong" });
    if (isRight) await this.#begin(this.#manifest as unknown as Manifest).catch((error) => this.stop(error));
  }

  /** A chunk came. Resolves once it is dealt with, and so holds its sender back. */
  async takeChunk(holder: PeerId, index: number, bytes: Uint8Array): Promise<void> {
    const manifest = this.#manifest;
    const key = `${holder} ${index}`;
    if (manifest === undefined || !this.#plan.isOpen(holder, index) || this.#checking.has(key)) return;
    this.#checking.add(key);
    try {
      const isRight =
        bytes.length === chunkLength(manifest.bytes, index) &&
        equalBytes(await this.#world.sha256(bytes), chunkHash(manifest, index));
      if (isRight) await this.#keep(index, bytes);
      this.#feed({ type: "chunk", holder, index, is: isRight ? "right" : "wrong" });
      if (isRight) this.#tellProgress();
    } catch (error) {
      await this.stop(error);
    } finally {
      this.#checking.delete(key);
    }
  }

  /** It is over, for this reason. What came stays in the store for another time. */
  async stop(error: unknown): Promise<void> {
    if (this.#state === "over") return;
    this.#end();
    if (this.#manifest !== undefined) this.#world.quota.giveBack(this.#manifest.bytes);
    await this.#draft?.close().catch(() => {});
    this.#result.reject(storeError(error));
  }

  /** What the store has of it from before is looked through: it is the store alone that knows. */
  async #begin(manifest: Manifest): Promise<void> {
    const { quota, store, sha256 } = this.#world;
    try {
      quota.take(manifest.bytes);
    } catch (error) {
      this.#manifest = undefined;
      throw error;
    }
    const draft = await store.draft(this.#id);
    this.#draft = draft;
    // Given up meanwhile.
    if (this.#state === "over") return draft.close();
    const missing: number[] = [];
    const chunks = chunkCount(manifest.bytes);
    for (let index = 0; index < chunks && this.#state === "open"; index++) {
      const bytes = await draft.read(index);
      const isThere = bytes !== undefined && equalBytes(await sha256(bytes), chunkHash(manifest, index));
      if (isThere) this.#doneBytes += bytes.length;
      else missing.push(index);
    }
    this.#feed({ type: "begin", chunks, missing });
    this.#tellProgress();
  }

  async #keep(index: number, bytes: Uint8Array): Promise<void> {
    if (this.#state === "over" || !this.#plan.isMissing(index)) return;
    await this.#draft?.write(index, bytes);
    // Two holders may have brought it.
    if (this.#plan.isMissing(index)) this.#doneBytes += bytes.length;
  }

  async #finish(): Promise<void> {
    const manifest = this.#manifest as Manifest;
    const meta = this.#world.metaOf(this.#id);
    const artifact: StoredArtifact = { id: this.#id, ...manifest, ...(meta === undefined ? {} : { meta }) };
    try {
      await this.#draft?.finish(artifact);
      this.#end();
      this.#result.resolve(artifact);
    } catch (error) {
      await this.stop(error);
    }
  }

  #feed(event: FetchEvent): void {
    if (this.#state === "over") return;
    const effects = this.#plan.handle(event, this.#world.clock.nowMs());
    this.#alarm.set(this.#plan.deadline()?.atMs);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: FetchEffect): void {
    switch (effect.type) {
      case "ask-list":
        return this.#want(effect.holder, { list: true });
      case "ask":
        return this.#want(effect.holder, { chunks: [...effect.chunks] });
      case "drop":
        return this.#world.dropped(this.#id, effect.holder, effect.reason);
      case "done":
        void this.#finish();
        return;
      case "failed": {
        const message = `Nobody who can be reached has the artifact ${this.#id}.`;
        void this.stop(new SkeinError("no-such-peer", message));
      }
    }
  }

  #want(holder: PeerId, what: { list?: boolean; chunks?: number[] }): void {
    const { messenger } = this.#world;
    // Where it can't be sent, it is gone, and we are told.
    messenger.send(holder, artifactsProtocol.want, { id: idBytes(this.#id), ...what }).catch(() => this.lost(holder));
  }

  #end(): void {
    this.#state = "over";
    this.#alarm.set(undefined);
    this.#listeners.clear();
    for (const holder of this.#plan.holders) {
      this.#world.messenger.send(holder, artifactsProtocol.unwant, { id: idBytes(this.#id) }).catch(() => {});
    }
  }

  #tellProgress(): void {
    const totalBytes = this.#manifest?.bytes ?? 0;
    for (const listener of this.#listeners)
      listener({ bytes: this.#doneBytes, totalBytes, holders: this.#plan.holders });
  }
}
