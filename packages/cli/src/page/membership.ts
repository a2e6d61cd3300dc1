import {
  joinRoom,
  type Peer,
  type Room,
  type Signaling,
  type SignalingSession,
  SkeinError,
  webSocketSignaling,
} from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { files } from "../files/protocol.js";
import { millisecondsText } from "../terminal/units.js";
import type { Address } from "./address.js";
import { retryAfterMs } from "./core/retry.js";
import { plainText } from "./core/text.js";
import type { Shelf } from "./shelf.js";
import type { Store } from "./store.js";
import { sentenceOf } from "./words.js";

/** What a membership tells the page. */
export interface MembershipListener {
  joined(room: Room): void;
  /** A link stands, or its peer changed what it says of itself. */
  peerReady(room: Room, peer: Peer): void;
  /** Peers came, went or changed. */
  peersChanged(): void;
}

/** Keeps this page in its room: joins, and joins again when that fails or ends. */
export class Membership {
  readonly #address: Address;
  readonly #store: Store;
  readonly #shelf: Shelf;
  readonly #listener: MembershipListener;
  #room: Room | undefined;
  #session: SignalingSession | undefined;
  #joining: AbortController | undefined;
  #failures = 0;
  #timer: number | undefined;

  constructor(address: Address, store: Store, shelf: Shelf, listener: MembershipListener) {
    this.#address = address;
    this.#store = store;
    this.#shelf = shelf;
    this.#listener = listener;
  }

  get room(): Room | undefined {
    return this.#room;
  }

  /** Tries now. Nothing happens where we are in, or on the way. */
  start(): void {
    if (this.#room !== undefined || this.#joining !== undefined) return;
    window.clearTimeout(this.#timer);
    void this.#join();
  }

  /**
   * Says goodbye, within this very call: the page is going away. A room that is left waits for its peers before it tells
   * the server, and nothing waits here; so the server is told at once.
   */
  stop(): void {
    window.clearTimeout(this.#timer);
    this.#joining?.abort();
    const room = this.#room;
    this.#room = undefined;
    room?.leave().catch(() => {});
    this.#session?.leave().catch(() => {});
  }

  async #join(): Promise<void> {
    const joining = new AbortController();
    this.#joining = joining;
    this.#store.set({ connection: { phase: "joining" } });
    try {
      const { server, room: name, name: ourName, token } = this.#address;
      const room = await joinRoom({
        signaling: this.#signaling(server),
        room: name,
        ...(token === undefined ? {} : { token: () => token }),
        name: ourName,
        protocols: [files],
        capabilities: ["files"],
        meta: this.#shareMeta(),
        paths: [relayFallback()],
        signal: joining.signal,
      });
      // Without a wait in between: events begin a moment after the join.
      this.#enter(room);
    } catch (error) {
      if (!joining.signal.aborted) this.#retryLater(error);
    } finally {
      this.#joining = undefined;
    }
  }

  /** Signalling through the server, with a hand on its session. */
  #signaling(url: string): Signaling {
    const { join } = webSocketSignaling({ url });
    return {
      join: async (details, events) => {
        this.#session = await join(details, events);
        return this.#session;
      },
    };
  }

  /** Tells the others that what we share has changed. */
  async announceShare(): Promise<void> {
    await this.#room?.update({ meta: this.#shareMeta() });
  }

  #shareMeta(): { files: number } {
    return { files: this.#shelf.entries.length };
  }

  #enter(room: Room): void {
    this.#room = room;
    this.#failures = 0;
    this.#store.set({ connection: { phase: "joined" } });
    this.#store.note(`Joined room “${plainText(room.name, 64)}”.`);
    this.#answer(room);
    this.#follow(room);
    this.#listener.joined(room);
  }

  #answer(room: Room): void {
    const asked = (peer: Peer, what: string) => this.#store.note(`${nameOf(peer)} ${what}.`);
    room.handle(files.find, ({ words, most }, peer) => {
      asked(peer, `searched our files for “${plainText(words, 60)}”`);
      return this.#shelf.find(words, most);
    });
    room.handle(files.list, ({ from }) => this.#shelf.list(from));
    room.handle(files.stat, ({ file }, peer) => {
      asked(peer, `asks for our ${plainText(file, 60)}`);
      return this.#shelf.stat(file);
    });
    room.handle(files.read, ({ file, offset, length }) => this.#shelf.read(file, offset, length));
  }

  #follow(room: Room): void {
    const note = (text: string) => this.#store.note(text);
    const changed = () => this.#listener.peersChanged();
    room.on("peer-joined", (peer) => {
      note(`${nameOf(peer)} is in the room.`);
      changed();
    });
    room.on("peer-connected", (peer) => {
      const took = peer.openMs === undefined ? "" : ` after ${millisecondsText(peer.openMs)}`;
      note(`Linked to ${nameOf(peer)}${took}.`);
      changed();
      this.#listener.peerReady(room, peer);
    });
    room.on("peer-updated", (peer) => {
      changed();
      if (peer.state === "connected") this.#listener.peerReady(room, peer);
    });
    room.on("peer-disconnected", ({ peer, reason }) => {
      note(`The link to ${nameOf(peer)} is lost (${plainText(reason, 80)}). Making another.`);
      changed();
    });
    room.on("peer-left", ({ peer }) => {
      note(`${nameOf(peer)} left.`);
      changed();
    });
    room.on("server-connected", () => {
      if (this.#store.state.connection.phase === "server-away") note("The server is back.");
      this.#store.set({ connection: { phase: "joined" } });
    });
    room.on("server-disconnected", () => {
      note("The server is away. Links live on.");
      this.#store.set({ connection: { phase: "server-away" } });
    });
    room.on("trouble", (error) => note(sentenceOf(error)));
    room.on("rejected", ({ from }) => {
      const peer = from === "server" ? undefined : room.peers.get(from);
      note(`Turned away what ${peer === undefined ? "the server" : nameOf(peer)} sent: it made no sense.`);
    });
    room.on("closed", (error) => {
      if (this.#room !== room) return;
      this.#room = undefined;
      changed();
      if (error !== undefined) this.#retryLater(error);
    });
  }

  #retryLater(error: unknown): void {
    this.#failures += 1;
    const asked = SkeinError.is(error) ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(asked, retryAfterMs(this.#failures, Math.random()));
    const reason = sentenceOf(error);
    this.#store.set({ connection: { phase: "waiting", reason, untilMs: Date.now() + waitMs } });
    this.#store.note(reason);
    this.#timer = window.setTimeout(() => this.start(), waitMs);
  }
}

/** A peer's name as it may be shown; the beginning of its id where it has none. */
export function nameOf(peer: Pick<Peer, "id" | "card">): string {
  const name = plainText(peer.card.name ?? "", 48);
  return name.length > 0 ? name : peer.id.slice(0, 8);
}
