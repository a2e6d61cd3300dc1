import type { Messenger, PeerId } from "@skein/protocol";
import { type ArtifactId, idBytes } from "./core/content-id.js";
import { type Wanted, WantedQueue } from "./core/wanted.js";
import { artifactsProtocol } from "./protocol.js";
import type { ArtifactStore, StoredArtifact } from "./stores/store.js";

export interface HolderWorld {
  readonly messenger: Messenger;
  readonly store: ArtifactStore;
  readonly find: (id: ArtifactId) => StoredArtifact | undefined;
  readonly served: (peer: PeerId, id: ArtifactId, bytes: number) => void;
}

/** Sent to one peer at a time: the next is read while one waits to be accepted. */
const atOnce = 2;

interface Asker {
  readonly queue: WantedQueue;
  running: number;
}

/** Gives what we have to whoever wants it, no faster than each takes it. */
export class Holder {
  readonly #world: HolderWorld;
  readonly #askers = new Map<PeerId, Asker>();
  /** What was asked for beyond what a peer may want at once: passed over. */
  overLimit = 0;

  constructor(world: HolderWorld) {
    this.#world = world;
  }

  want(peer: PeerId, id: ArtifactId, indexes: readonly Wanted["index"][]): void {
    const asker = this.#askers.get(peer) ?? { queue: new WantedQueue(), running: 0 };
    this.#askers.set(peer, asker);
    for (const index of indexes) if (!asker.queue.add({ id, index })) this.overLimit++;
    while (asker.running < atOnce && asker.queue.size > asker.running) void this.#run(peer, asker);
  }

  unwant(peer: PeerId, id: ArtifactId): void {
    this.#askers.get(peer)?.queue.removeAll(id);
  }

  leave(peer: PeerId): void {
    this.#askers.delete(peer);
  }

  close(): void {
    this.#askers.clear();
  }

  async #run(peer: PeerId, asker: Asker): Promise<void> {
    asker.running++;
    const isHere = () => this.#askers.get(peer) === asker;
    for (let wanted = asker.queue.next(); wanted !== undefined && isHere(); wanted = asker.queue.next()) {
      // Where it can't be sent, its asker is gone, and we are told.
      await this.#give(peer, wanted).catch(() => {});
    }
    asker.running--;
    if (asker.running === 0 && isHere()) this.#askers.delete(peer);
  }

  async #give(peer: PeerId, { id, index }: Wanted): Promise<void> {
    const { messenger, store, find, served } = this.#world;
    const wireId = idBytes(id);
    const artifact = find(id);
    if (artifact !== undefined && index === "list") {
      const { bytes, hashes } = artifact;
      return messenger.send(peer, artifactsProtocol.list, { id: wireId, bytes, hashes });
    }
    const bytes =
      artifact === undefined || index === "list" ? undefined : await store.read(id, index).catch(() => undefined);
    if (bytes === undefined || index === "list") return messenger.send(peer, artifactsProtocol.lack, { id: wireId });
    await messenger.send(peer, artifactsProtocol.chunk, { id: wireId, index, bytes });
    served(peer, id, bytes.length);
  }
}
