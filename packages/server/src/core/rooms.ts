import {
  type Card,
  encodeControl,
  type ForwardClass,
  type IceServer,
  type PeerId,
  peerIdOf,
  peerKeyOf,
  type ServerMessage,
  type SignedCard,
} from "@skein/protocol";
import { compact, expand } from "./compact.js";
import { encodeRoster } from "./roster.js";
import { WaitingLine } from "./waiting-line.js";

/** A peer's place in a room. */
export interface Place<Connection> {
  readonly room: Room<Connection>;
  /** The peer's 32 bytes as a string of as many characters: what forwards are looked up by. */
  readonly key: string;
  /** The same as bytes, once the peer has sent anything: those that don't shall cost little. */
  readonly id: Uint8Array | undefined;
  /** Of the join: whoever comes back with the same has come back, with another has started again. */
  readonly box: string;
  /** The newest card's signature and bytes, behind each other. */
  readonly signed: string;
  readonly n: number;
  /** Whoever sits here. Undefined while the peer is away, and for good once the place is given up. */
  readonly connection: Connection | undefined;
}

interface Room<Connection> {
  readonly name: string;
  readonly places: Map<string, MutablePlace<Connection>>;
}

type MutablePlace<Connection> = { -readonly [Field in keyof Place<Connection>]: Place<Connection>[Field] };

/** What the hub does to the world. None of these may call the hub back before it has returned. */
export interface HubSink<Connection> {
  /** A control message: it arrives, or the connection ends. */
  send(connection: Connection, packet: Uint8Array): void;
  /** A forward, with the source's key in it. The packet is given away. */
  forward(connection: Connection, packet: Uint8Array): void;
  /** How much waits to be sent to this connection. */
  bufferedBytes(connection: Connection): number;
  /** Ends a connection whose place another has taken. */
  replace(connection: Connection): void;
}

export interface HubSettings {
  readonly graceMs: number;
  readonly silentGraceMs: number;
  /** No packet that answers a join is larger. */
  readonly packetBytes: number;
  /** A forward to a connection with more than this waiting is dropped; one of the relay class with more than half of it. */
  readonly bufferedBytes: number;
  readonly rooms: number;
  readonly peersPerRoom: number;
  readonly peers: number;
}

export interface JoinRequest<Connection> {
  readonly connection: Connection;
  readonly room: string;
  readonly card: Card;
  readonly signed: SignedCard;
  /** What this client is told of. */
  readonly ice: readonly IceServer[];
}

export type JoinOutcome<Connection> =
  | { readonly joined: true; readonly place: Place<Connection> }
  | { readonly joined: false; readonly full: "server" | "room" };

/** A room, as operators see it. */
export interface RoomView {
  readonly name: string;
  readonly peers: number;
  /** Of these, how many have no connection at this time. */
  readonly away: number;
}

/** A place, as operators see it. */
export interface PeerView {
  readonly id: PeerId;
  readonly away: boolean;
}

export type AnnounceOutcome = "announced" | "another-peer" | "stale";
export type ForwardOutcome = "passed" | "gone" | "busy";
export type LeaveReason = "left" | "lost" | "replaced";
/** `closed`: its socket is, so the peer may well have ended · `silent`: it stopped answering, so its network may be cut. */
export type Loss = "closed" | "silent";

/**
 * Who is in which room, and what each is told of it.
 *
 * Invariants:
 * 1. An identity has one place in a room, and a place at most one connection.
 * 2. Whoever sits in a place was told of every other place in the room, and of each change since, once and in order.
 * 3. A place without a connection waits in `#away` or in `#silent`, and is given up when its grace ends. A room without places
 *    is gone.
 * 4. An older card never replaces a newer one.
 */
export class Hub<Connection> {
  readonly #settings: HubSettings;
  readonly #sink: HubSink<Connection>;
  readonly #rooms = new Map<string, Room<Connection>>();
  readonly #away: WaitingLine<MutablePlace<Connection>>;
  readonly #silent: WaitingLine<MutablePlace<Connection>>;
  #peers = 0;

  constructor(settings: HubSettings, sink: HubSink<Connection>) {
    this.#settings = settings;
    this.#sink = sink;
    this.#away = new WaitingLine(settings.graceMs);
    this.#silent = new WaitingLine(settings.silentGraceMs);
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  /** Places, those of peers that are away included. */
  get peers(): number {
    return this.#peers;
  }

  /** Whether this peer has a place in the room, away or not. */
  holds(room: string, peer: PeerId): boolean {
    return this.#rooms.get(room)?.places.has(compact(peerKeyOf(peer))) ?? false;
  }

  /** Gives the connection a place: the one that is kept for it, or a new one. The card and the proof are checked already. */
  join(request: JoinRequest<Connection>): JoinOutcome<Connection> {
    const key = compact(peerKeyOf(request.card.id));
    const kept = this.#rooms.get(request.room)?.places.get(key);
    if (kept !== undefined && kept.box === compact(request.card.box)) return this.#takeBack(kept, request);
    if (kept !== undefined) this.#replace(kept);
    return this.#takePlace(key, request);
  }

  /** Takes a newer card of whoever sits here, and shows it to the others. */
  announce(place: Place<Connection>, connection: Connection, card: Card, signed: SignedCard): AnnounceOutcome {
    const own = this.#own(place, connection);
    if (own === undefined || own.key !== compact(peerKeyOf(card.id)) || own.box !== compact(card.box)) {
      return "another-peer";
    }
    return this.#update(own, card, signed) ? "announced" : "stale";
  }

  /**
   * Passes a forward on to `target` (32 characters, one for each byte of the peer's key). Reads nothing of it, writes the
   * source's key over the target's, and gives the packet away.
   */
  forward(place: Place<Connection>, target: string, kind: ForwardClass, packet: Uint8Array): ForwardOutcome {
    const to = place.room.places.get(target)?.connection;
    if (to === undefined) return "gone";
    const { bufferedBytes } = this.#settings;
    // Relayed traffic leaves room for the signals that may make it needless.
    const most = kind === "relay" ? bufferedBytes / 2 : bufferedBytes;
    if (this.#sink.bufferedBytes(to) > most) return "busy";
    packet.set(idOf(place), 1);
    this.#sink.forward(to, packet);
    return "passed";
  }

  /** The peer said that it goes. */
  leave(place: Place<Connection>, connection: Connection): void {
    const own = this.#own(place, connection);
    if (own !== undefined) this.#giveUp(own, "left");
  }

  /** The peer's connection is gone without a word: its place is kept for a while. For longer where all that is known is silence. */
  lose(place: Place<Connection>, connection: Connection, nowMs: number, how: Loss = "closed"): void {
    const own = this.#own(place, connection);
    if (own === undefined) return;
    own.connection = undefined;
    (how === "silent" ? this.#silent : this.#away).add(own, nowMs);
    this.#tellOthers(own, { t: "peer-away", id: expand(own.key) });
  }

  /** Gives up the places of a peer, in one room or in all. Gives the connections that sat in them. */
  remove(peer: PeerId, room?: string): { readonly places: number; readonly connections: Connection[] } {
    const key = compact(peerKeyOf(peer));
    const rooms = room === undefined ? [...this.#rooms.values()] : [this.#rooms.get(room)];
    const places = rooms.flatMap((one) => one?.places.get(key) ?? []);
    const connections = places.flatMap(({ connection }) => connection ?? []);
    for (const place of places) this.#giveUp(place, "left");
    return { places: places.length, connections };
  }

  listRooms(): RoomView[] {
    return [...this.#rooms.values()].map(({ name, places }) => {
      const away = [...places.values()].filter(({ connection }) => connection === undefined).length;
      return { name, peers: places.size, away };
    });
  }

  listPeers(room: string): PeerView[] {
    const places = [...(this.#rooms.get(room)?.places.values() ?? [])];
    return places.map(({ key, connection }) => ({ id: peerIdOf(expand(key)), away: connection === undefined }));
  }

  /** When a grace period ends next. */
  deadline(): number | undefined {
    const deadlines = [this.#away.deadline(), this.#silent.deadline()];
    return deadlines.reduce((first, other) => (first === undefined || (other ?? first) < first ? other : first));
  }

  /** Gives up the places whose grace is over. */
  tick(nowMs: number): void {
    for (const line of [this.#away, this.#silent]) {
      for (const place of line.takeDue(nowMs)) this.#giveUp(place, "lost");
    }
  }

  #takeBack(
    place: MutablePlace<Connection>,
    { connection, card, signed, ice }: JoinRequest<Connection>,
  ): JoinOutcome<Connection> {
    const earlier = place.connection;
    this.#stopWaiting(place);
    place.connection = connection;
    // The peer noticed that its connection was dead before we did.
    if (earlier !== undefined && earlier !== connection) this.#sink.replace(earlier);
    this.#update(place, card, signed);
    this.#welcome(place, connection, ice);
    return { joined: true, place };
  }

  #takePlace(key: string, request: JoinRequest<Connection>): JoinOutcome<Connection> {
    const { connection, room: name, card, signed, ice } = request;
    const full = this.#whatIsFull(name);
    if (full !== undefined) return { joined: false, full };
    const room = this.#rooms.get(name) ?? { name, places: new Map() };
    this.#rooms.set(name, room);
    const place: MutablePlace<Connection> = {
      room,
      key,
      id: undefined,
      box: compact(card.box),
      signed: compactCard(signed),
      n: card.n,
      connection,
    };
    room.places.set(key, place);
    this.#peers++;
    this.#tellOthers(place, { t: "peer-joined", card: signed });
    this.#welcome(place, connection, ice);
    return { joined: true, place };
  }

  #whatIsFull(name: string): "server" | "room" | undefined {
    const { rooms, peersPerRoom, peers } = this.#settings;
    const room = this.#rooms.get(name);
    if (this.#peers >= peers || (room === undefined && this.#rooms.size >= rooms)) return "server";
    return room !== undefined && room.places.size >= peersPerRoom ? "room" : undefined;
  }

  #replace(place: MutablePlace<Connection>): void {
    const earlier = place.connection;
    this.#giveUp(place, "replaced");
    if (earlier !== undefined) this.#sink.replace(earlier);
  }

  #giveUp(place: MutablePlace<Connection>, reason: LeaveReason): void {
    const { room } = place;
    place.connection = undefined;
    this.#stopWaiting(place);
    room.places.delete(place.key);
    this.#peers--;
    if (room.places.size === 0) this.#rooms.delete(room.name);
    else this.#tellOthers(place, { t: "peer-left", id: expand(place.key), reason });
  }

  #stopWaiting(place: MutablePlace<Connection>): void {
    this.#away.delete(place);
    this.#silent.delete(place);
  }

  #update(place: MutablePlace<Connection>, card: Card, signed: SignedCard): boolean {
    if (card.n <= place.n) return false;
    place.n = card.n;
    place.signed = compactCard(signed);
    this.#tellOthers(place, { t: "peer-updated", card: signed });
    return true;
  }

  #welcome(place: Place<Connection>, connection: Connection, ice: readonly IceServer[]): void {
    const { packetBytes } = this.#settings;
    const cards: SignedCard[] = [];
    for (const other of place.room.places.values()) if (other !== place) cards.push(cardOf(other));
    for (const packet of encodeRoster(place.room.name, cards, ice, packetBytes)) {
      this.#sink.send(connection, packet);
    }
  }

  #tellOthers(place: Place<Connection>, message: ServerMessage): void {
    const packet = encodeControl(message);
    for (const other of place.room.places.values()) {
      if (other !== place && other.connection !== undefined) this.#sink.send(other.connection, packet);
    }
  }

  /** The place, where this connection still sits in it: another may have taken it, or it was given up. */
  #own(place: Place<Connection>, connection: Connection): MutablePlace<Connection> | undefined {
    const own = place.room.places.get(place.key);
    return own === place && own.connection === connection ? own : undefined;
  }
}

function idOf(place: MutablePlace<unknown>): Uint8Array {
  place.id ??= expand(place.key);
  return place.id;
}

const signatureBytes = 64;

function compactCard({ b, s }: SignedCard): string {
  return compact(s) + compact(b);
}

/** The newest card of whoever sits here. */
export function cardOf({ signed }: Pick<Place<unknown>, "signed">): SignedCard {
  return { b: expand(signed.slice(signatureBytes)), s: expand(signed.slice(0, signatureBytes)) };
}
