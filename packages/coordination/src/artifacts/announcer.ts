import type { Messenger, PeerId } from "@skein/protocol";
import { type ArtifactId, idBytes } from "./core/content-id.js";
import { announcedAtOnce, artifactsProtocol } from "./protocol.js";
import type { StoredArtifact } from "./stores/store.js";

interface Listener {
  /** What it hasn't been told of. */
  readonly news: Set<ArtifactId>;
  greeting: "none" | "due" | "asking";
  state: "idle" | "telling";
}

/** Tells everyone what we have and what not any more, a message at a time: whoever reads slowly hears the latest, not every step. */
export class Announcer {
  readonly #messenger: Messenger;
  readonly #find: (id: ArtifactId) => StoredArtifact | undefined;
  readonly #listeners = new Map<PeerId, Listener>();

  constructor(messenger: Messenger, find: (id: ArtifactId) => StoredArtifact | undefined) {
    this.#messenger = messenger;
    this.#find = find;
  }

  /** It hears all of it. `hello`: it shall say what it has. */
  meet(peer: PeerId, all: Iterable<ArtifactId>, hello: boolean): void {
    const before = this.#listeners.get(peer);
    const listener: Listener = { news: new Set(all), greeting: hello ? "asking" : "due", state: "idle" };
    if (before === undefined) this.#listeners.set(peer, listener);
    else for (const id of listener.news) before.news.add(id);
    if (before === undefined) void this.#tell(peer, listener);
    else void this.#tell(peer, before);
  }

  leave(peer: PeerId): void {
    this.#listeners.delete(peer);
  }

  /** We have it now, or no longer. */
  tellAll(id: ArtifactId): void {
    for (const [peer, listener] of this.#listeners) {
      listener.news.add(id);
      void this.#tell(peer, listener);
    }
  }

  close(): void {
    this.#listeners.clear();
  }

  async #tell(peer: PeerId, listener: Listener): Promise<void> {
    if (listener.state === "telling") return;
    listener.state = "telling";
    while (this.#listeners.get(peer) === listener && (listener.news.size > 0 || listener.greeting !== "none")) {
      // Whoever doesn't speak of artifacts, or is gone, hears nothing.
      await this.#send(peer, listener).catch(() => listener.news.clear());
    }
    listener.state = "idle";
  }

  async #send(peer: PeerId, listener: Listener): Promise<void> {
    const ids = [...listener.news].slice(0, announcedAtOnce);
    for (const id of ids) listener.news.delete(id);
    const have = ids.flatMap((id) => this.#find(id) ?? []);
    const forget = ids.filter((id) => this.#find(id) === undefined);
    const hello = listener.greeting === "asking" ? { hello: true } : {};
    const isDue = listener.greeting !== "none";
    listener.greeting = "none";
    if (have.length > 0 || isDue) {
      const artifacts = have.map(({ id, bytes, meta }) => ({
        id: idBytes(id),
        bytes,
        ...(meta === undefined ? {} : { meta }),
      }));
      await this.#messenger.send(peer, artifactsProtocol.have, { artifacts, ...hello });
    }
    if (forget.length > 0) await this.#messenger.send(peer, artifactsProtocol.forget, { ids: forget.map(idBytes) });
  }
}
