import {
  joinRoom,
  type Peer,
  type PeerId,
  type Room,
  type Signaling,
  type SignalingSession,
  SkeinError,
  webSocketSignaling,
} from "@skein/client";
import { createBlobStore } from "@skein/coordination";
import { createIdentity, type Identity } from "@skein/protocol";
import { relayFallback } from "@skein/relay-fallback";
import { voteText } from "../agent/vote-text.js";
import { Crew, type CrewListener, crewProtocols } from "../crew/crew.js";
import { namesOf } from "../crew/names.js";
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
  /** Peers came, went, changed, or took an office. */
  peersChanged(): void;
}

/** Keeps this page in its room: joins, and joins again when that fails or ends. */
export class Membership {
  readonly #address: Address;
  readonly #store: Store;
  readonly #shelf: Shelf;
  readonly #listener: MembershipListener;
  #room: Room | undefined;
  #crew: Crew | undefined;
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

  get crew(): Crew | undefined {
    return this.#crew;
  }

  /** What this page fetched. */
  readonly fetched = createBlobStore();

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
    this.#crew = undefined;
    room?.leave().catch(() => {});
    this.#session?.leave().catch(() => {});
  }

  async #join(): Promise<void> {
    const joining = new AbortController();
    this.#joining = joining;
    this.#store.set({ connection: { phase: "joining" } });
    try {
      const identity = createIdentity();
      const { server, room: name, name: ourName, token } = this.#address;
      const room = await joinRoom({
        signaling: this.#signaling(server),
        room: name,
        ...(token === undefined ? {} : { token: () => token }),
        name: ourName,
        identity,
        protocols: crewProtocols,
        capabilities: ["files"],
        paths: [relayFallback()],
        signal: joining.signal,
      });
      // Without a wait in between: events begin a moment after the join.
      this.#enter(room);
      await this.#form(room, identity);
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
  shareChanged(): void {
    this.#crew?.holdingsChanged();
  }

  #enter(room: Room): void {
    this.#room = room;
    this.#failures = 0;
    this.#store.set({ connection: { phase: "joined" } });
    this.#store.note(`Joined room “${plainText(room.name, 64)}”.`);
    this.#follow(room);
    this.#listener.joined(room);
  }

  /** Works with the others from now on. */
  async #form(room: Room, identity: Identity): Promise<void> {
    const crew = await Crew.begin(room, {
      identity,
      holdings: () => (this.#shelf.count === 0 ? [] : [this.#shelf]),
      // A tab is closed at any time.
      standsForOffice: false,
      store: this.fetched,
      listener: this.#crewListener(room),
    });
    if (this.#room !== room) return crew.close();
    this.#crew = crew;
    crew.presence.on("changed", () => this.#listener.peersChanged());
    this.#listener.peersChanged();
  }

  #crewListener(room: Room): CrewListener {
    const note = (text: string) => this.#store.note(text);
    const plainName = namesOf(room);
    const named = (id: PeerId): string => (id === room.id ? "this page" : plainText(plainName(id), 48));
    return {
      handedOver: ({ from, to }) => note(`${named(to)} takes over a search from ${named(from)}.`),
      dropped: ({ holder, reason }) =>
        note(`${named(holder)} is out of a fetch (${reason}). The rest comes from others.`),
      led: (leader) => {
        if (leader !== undefined) note(`${named(leader.id)} leads, in term ${leader.term}.`);
        this.#listener.peersChanged();
      },
      voted: (vote) => {
        note(`${voteText(vote, named)}.`);
        this.#listener.peersChanged();
      },
      served: ({ op, to, file }) => {
        if (op === "find") note(`${named(to)} searched our files.`);
        else note(`${named(to)} fetches ${plainText(file ?? "a file", 60)} from us.`);
      },
    };
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
    });
    room.on("peer-updated", changed);
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
      this.#crew = undefined;
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
