import {
  type ForwardClass,
  type IceServer,
  limits,
  type PeerId,
  type Rejected,
  type SignedCard,
  type SkeinError,
  verifyCard,
} from "@skein/protocol";
import { usableIceServers } from "../core/ice-servers.js";
import type { SignalingEvents } from "../signaling/signaling.js";
import { Pairs } from "./pairs.js";
import { RemotePeer } from "./remote-peer.js";
import type { RemotePeerWorld } from "./remote-peer-world.js";
import type { RoomParts } from "./room-parts.js";
import { SerialInbox } from "./serial-inbox.js";

/** What a roster needs of its room. */
export interface RosterWorld extends Pick<RemotePeerWorld, "forward" | "handlerOf" | "streamHandlerOf" | "emit"> {
  /** Whether the room still takes peers in. */
  readonly isOpen: () => boolean;
  /** A peer is no longer in the room; its link ends next. */
  readonly removed: (peer: RemotePeer) => void;
  /** Signalling is over: with an error where it wasn't our wish. */
  readonly ended: (error: SkeinError | undefined) => void;
  readonly rejected: (rejection: Rejected, from: PeerId | "server") => void;
}

/** Who is in a room, as the server tells it and the cards prove it. */
export class Roster {
  readonly #parts: RoomParts;
  readonly #world: RosterWorld;
  readonly #peerWorld: RemotePeerWorld;
  readonly #pairs: Pairs;
  readonly #peers = new Map<PeerId, RemotePeer>();
  readonly #inbox: SerialInbox;
  #serverIceServers: readonly IceServer[] = [];
  #server: "connected" | "disconnected" = "disconnected";

  constructor(parts: RoomParts, world: RosterWorld) {
    this.#parts = parts;
    this.#world = world;
    this.#pairs = new Pairs(parts.keys);
    this.#inbox = new SerialInbox((rejection) => world.rejected(rejection, "server"));
    this.#peerWorld = {
      ...parts.world,
      ...world,
      ourCard: () => parts.ownCard.card,
      iceServers: () => [...parts.iceServers, ...this.#serverIceServers],
      canSignal: () => this.#server === "connected" && parts.network.isOnline,
      gone: (peer, reason) => this.#remove(peer, reason),
    };
  }

  get peers(): ReadonlyMap<PeerId, RemotePeer> {
    return this.#peers;
  }

  /** All of them, as they are now: some may go meanwhile. */
  get all(): readonly RemotePeer[] {
    return [...this.#peers.values()];
  }

  /** Whether there is a connection to the server now. */
  get server(): "connected" | "disconnected" {
    return this.#server;
  }

  /** Begins to heed what signalling tells. */
  start(): void {
    this.#inbox.start();
  }

  /** Heeds signalling no more, and ends all links. */
  close(): void {
    this.#inbox.close();
    this.#server = "disconnected";
    for (const peer of this.all) this.#remove(peer, "the room was left");
  }

  /** What signalling tells. */
  signalingEvents(): SignalingEvents {
    const { emit, ended, rejected } = this.#world;
    return {
      iceServers: (iceServers) => this.#inbox.add(() => this.#takeIceServers(iceServers)),
      roster: (cards, iceServers) => this.#inbox.add(() => this.#take(cards, iceServers), bytesOf(cards)),
      card: (card) => this.#inbox.add(() => this.#meet(card).then(() => {}), wholeBytes(card.b)),
      away: (id) => this.#inbox.add(() => this.#peers.get(id)?.doubt()),
      left: (id, reason) => this.#inbox.add(() => this.#handleLeft(id, reason)),
      envelope: (from, kind, envelope) =>
        this.#inbox.add(() => this.#handleEnvelope(from, kind, envelope), wholeBytes(envelope)),
      undeliverable: (to, reason, kind) => this.#inbox.add(() => this.#peers.get(to)?.undeliverable(reason, kind)),
      // In its turn as well: a roster that is still being checked came before.
      disconnected: (reason) => this.#inbox.add(() => this.#loseServer(reason)),
      complaint: (error) => emit("trouble", error),
      ended,
      rejected: (rejection) => rejected(rejection, "server"),
    };
  }

  async #take(cards: readonly SignedCard[], iceServers: readonly IceServer[]): Promise<void> {
    const isReturn = this.#server === "disconnected" && this.#peers.size > 0;
    this.#takeIceServers(iceServers);
    this.#server = "connected";
    const listed = new Set(await Promise.all(cards.map((card) => this.#meet(card))));
    for (const peer of this.all) {
      if (!listed.has(peer.id)) peer.miss();
      else if (isReturn) peer.retry();
    }
    this.#world.emit("server-connected", undefined);
  }

  /** For what is opened, or restarted, from now on. */
  #takeIceServers(named: readonly IceServer[]): void {
    const { servers, rejections } = usableIceServers(named);
    this.#serverIceServers = servers;
    for (const rejection of rejections) this.#world.rejected(rejection, "server");
  }

  #loseServer(reason: string): void {
    this.#server = "disconnected";
    for (const peer of this.#peers.values()) peer.loseServer();
    this.#world.emit("server-disconnected", { reason });
  }

  /** Takes a card in; gives the id it proved, where it did. */
  async #meet(signed: SignedCard): Promise<PeerId | undefined> {
    const { emit, isOpen, rejected } = this.#world;
    const verified = await verifyCard(signed, this.#parts.ed25519);
    if (!verified.ok) {
      rejected(verified, "server");
      return undefined;
    }
    const card = verified.value;
    if (card.id === this.#parts.ownCard.card.id || !isOpen()) return undefined;
    const known = this.#peers.get(card.id);
    if (known?.isOf(card)) {
      if (known.update(card)) emit("peer-updated", known);
      return card.id;
    }
    if (known !== undefined) this.#remove(known, "replaced");
    if (this.#peers.size >= limits.roomPeers) {
      rejected(
        { ok: false, code: "over-limit", reason: `a peer beyond the ${limits.roomPeers} that a room may have` },
        "server",
      );
      return undefined;
    }
    if (!this.#parts.admit(card)) return undefined;
    const peer = new RemotePeer(this.#peerWorld, card, this.#pairs.of(card));
    this.#peers.set(card.id, peer);
    emit("peer-joined", peer);
    peer.start();
    return card.id;
  }

  #handleLeft(id: PeerId, reason: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    if (reason === "lost") peer.unlist();
    else this.#remove(peer, reason);
  }

  #handleEnvelope(from: PeerId, kind: ForwardClass, envelope: Uint8Array): void {
    const peer = this.#peers.get(from);
    if (peer !== undefined) return peer.receiveEnvelope(kind, envelope);
    this.#world.rejected({ ok: false, code: "forged", reason: "an envelope from a peer that isn't in the room" }, from);
  }

  #remove(peer: RemotePeer, reason: string): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    this.#world.removed(peer);
    peer.close(reason);
    this.#world.emit("peer-left", { peer, reason });
  }
}

/** What a view keeps in memory: the packet that it came in. */
function wholeBytes({ buffer }: Uint8Array): number {
  return buffer.byteLength;
}

function bytesOf(cards: readonly SignedCard[]): number {
  return cards.reduce((sum, { b }) => sum + b.length, 0);
}
