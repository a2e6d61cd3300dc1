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
import type { GoneReason, NodeId, ReadClaim } from "./nodes-message.js";
import { cardOf, compactCard, here, idOf, isAway, type MutablePlace, type Place, type Room } from "./places.js";
import { encodeRoster } from "./roster.js";
import { WaitingLine } from "./waiting-line.js";

export { cardOf, type Place } from "./places.js";

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
  /** Tells a connection that a forward of its own went nowhere. */
  undelivered(connection: Connection, target: string, reason: "gone" | "busy", kind: ForwardClass): void;
}

/** The other nodes of the server, as the hub sees them. None of these may call the hub back before it has returned. */
export interface HubNodes<Connection> {
  /** For a join that happens now: higher for a later one, on whichever node. */
  stamp(): number;
  /** This node has its first peer in a room. */
  opened(room: string): void;
  /** It has none left there. */
  closed(room: string): void;
  /** A peer is with this node: it joined, came back, or has a newer card. */
  claimed(place: Place<Connection>): void;
  /** It is away. */
  seated(place: Place<Connection>): void;
  /** This node has it no longer. */
  gone(place: Place<Connection>, reason: GoneReason): void;
  /** A forward for a peer that another node has. */
  forward(
    place: Place<Connection>,
    node: NodeId,
    target: string,
    kind: ForwardClass,
    packet: Uint8Array,
  ): ForwardOutcome;
}

/** Of a server that is one node. */
const alone: HubNodes<unknown> = {
  stamp: () => 0,
  opened: () => {},
  closed: () => {},
  claimed: () => {},
  seated: () => {},
  gone: () => {},
  forward: () => "gone",
};

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
  /** How many are with other nodes. */
  readonly elsewhere: number;
}

/** A place, as operators see it. */
export interface PeerView {
  readonly id: PeerId;
  readonly away: boolean;
  /** Whether another node has it. */
  readonly elsewhere: boolean;
}

export type AnnounceOutcome = "announced" | "another-peer" | "stale";
export type ForwardOutcome = "passed" | "gone" | "busy";
export type LeaveReason = "left" | "lost" | "replaced";
/** `closed`: its socket is, so the peer may well have ended · `silent`: it stopped answering, so its network may be cut. */
export type Loss = "closed" | "silent";

/** How many times as many peers as this node lets into a room it shows there, where other nodes have let them in. */
const elsewhereFactor = 4;

/**
 * Who is in which room, and what each is told of it.
 *
 * Invariants:
 * 1. An identity has one place in a room, and a place at most one connection.
 * 2. Whoever sits in a place was told of every other place in the room, and of each change since, once and in order.
 * 3. A place that no connection and no other node has waits in `#away` or in `#silent`, and is given up when its grace ends. A room
 *    in which this node has no place is gone.
 * 4. An older card never replaces a newer one.
 */
export class Hub<Connection> {
  readonly #settings: HubSettings;
  readonly #sink: HubSink<Connection>;
  readonly #rooms = new Map<string, Room<Connection>>();
  readonly #away: WaitingLine<MutablePlace<Connection>>;
  readonly #silent: WaitingLine<MutablePlace<Connection>>;
  #nodes: HubNodes<Connection> = alone;
  #peers = 0;

  constructor(settings: HubSettings, sink: HubSink<Connection>) {
    this.#settings = settings;
    this.#sink = sink;
    this.#away = new WaitingLine(settings.graceMs);
    this.#silent = new WaitingLine(settings.silentGraceMs);
  }

  /** Once, before anyone joins: the nodes and the hub each want the other. */
  set nodes(nodes: HubNodes<Connection>) {
    this.#nodes = nodes;
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  /** Places of this node, those of peers that are away included. */
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
    return this.#takePlace(key, request, kept);
  }

  /** Takes a newer card of whoever sits here, and shows it to the others. */
  announce(place: Place<Connection>, connection: Connection, card: Card, signed: SignedCard): AnnounceOutcome {
    const own = this.#own(place, connection);
    if (own === undefined || own.key !== compact(peerKeyOf(card.id)) || own.box !== compact(card.box)) {
      return "another-peer";
    }
    if (!this.#update(own, card.n, signed)) return "stale";
    this.#nodes.claimed(own);
    return "announced";
  }

  /**
   * Passes a forward on to `target` (32 characters, one for each byte of the peer's key). Reads nothing of it, writes the
   * source's key over the target's, and gives the packet away. Where it doesn't pass, the packet is as it was.
   */
  forward(place: Place<Connection>, target: string, kind: ForwardClass, packet: Uint8Array): ForwardOutcome {
    const to = place.room.places.get(target);
    if (to?.connection !== undefined) {
      const mayPass = this.#hasRoom(to.connection, kind);
      if (!mayPass) return "busy";
      packet.set(idOf(place), 1);
      this.#sink.forward(to.connection, packet);
      return "passed";
    }
    if (to?.holder.at !== "node" || to.holder.away) return "gone";
    packet.set(idOf(place), 1);
    const outcome = this.#nodes.forward(place, to.holder.node, target, kind, packet);
    // Refused, it is the sender's again, who is told by it where it didn't go.
    if (outcome !== "passed") packet.set(expand(target), 1);
    return outcome;
  }

  /** Passes on what came from another node, with the source's key in it. */
  deliver(room: string, target: string, kind: ForwardClass, packet: Uint8Array): ForwardOutcome {
    const to = this.#rooms.get(room)?.places.get(target)?.connection;
    if (to === undefined) return "gone";
    if (!this.#hasRoom(to, kind)) return "busy";
    this.#sink.forward(to, packet);
    return "passed";
  }

  /** Another node couldn't pass on what this one gave it. */
  undelivered(room: string, source: string, target: string, reason: "gone" | "busy", kind: ForwardClass): void {
    const from = this.#rooms.get(room)?.places.get(source)?.connection;
    if (from !== undefined) this.#sink.undelivered(from, target, reason, kind);
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
    this.#nodes.seated(own);
  }

  /** Gives up the places that a peer has on this node, in one room or in all. Gives the connections that sat in them. */
  remove(peer: PeerId, room?: string): { readonly places: number; readonly connections: Connection[] } {
    const key = compact(peerKeyOf(peer));
    const rooms = room === undefined ? [...this.#rooms.values()] : [this.#rooms.get(room)];
    const places = rooms.flatMap((one) => one?.places.get(key) ?? []).filter(({ holder }) => holder === here);
    const connections = places.flatMap(({ connection }) => connection ?? []);
    for (const place of places) this.#giveUp(place, "left");
    return { places: places.length, connections };
  }

  /** The rooms in which this node has peers, those of other nodes included. */
  listRooms(): RoomView[] {
    return [...this.#rooms.values()].map(({ name, places, here: own }) => {
      const away = [...places.values()].filter(isAway).length;
      return { name, peers: places.size, away, elsewhere: places.size - own };
    });
  }

  listPeers(room: string): PeerView[] {
    const places = [...(this.#rooms.get(room)?.places.values() ?? [])];
    return places.map((place) => ({
      id: peerIdOf(expand(place.key)),
      away: isAway(place),
      elsewhere: place.holder !== here,
    }));
  }

  /** Places of this node in a room. */
  *placesHere(room: string): Generator<Place<Connection>> {
    for (const place of this.#rooms.get(room)?.places.values() ?? []) if (place.holder === here) yield place;
  }

  placeOf(room: string, key: string): Place<Connection> | undefined {
    return this.#rooms.get(room)?.places.get(key);
  }

  /** Another node has the peer, and nobody later than it. */
  showElsewhere(name: string, node: NodeId, claim: ReadClaim): void {
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    const kept = room.places.get(claim.key);
    if (kept !== undefined && kept.box === claim.box) this.#moveElsewhere(kept, node, claim);
    else {
      if (kept !== undefined) this.#replace(kept);
      if (this.#rooms.get(name) === room) this.#seatElsewhere(room, node, claim);
    }
  }

  /** No node has the peer for now. `quietly`: it is on its way to another, and nobody needs to hear of it. */
  vacate(name: string, key: string, quietly: boolean, nowMs: number): void {
    const place = this.#rooms.get(name)?.places.get(key);
    if (place === undefined || place.holder.at !== "node") return;
    const wasAway = isAway(place);
    place.holder = { at: "nowhere", away: wasAway || !quietly };
    this.#away.add(place, nowMs);
    if (!wasAway && !quietly) this.#tellOthers(place, { t: "peer-away", id: expand(key) });
  }

  /** The node that had the peer has it no longer. */
  dropElsewhere(name: string, key: string, reason: LeaveReason): void {
    const place = this.#rooms.get(name)?.places.get(key);
    if (place !== undefined && place.holder !== here) this.#giveUp(place, reason);
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
    if (place.holder !== here && this.#peers >= this.#settings.peers) return { joined: false, full: "server" };
    const earlier = place.connection;
    this.#stopWaiting(place);
    this.#hold(place);
    place.connection = connection;
    place.stamp = this.#stampAfter(place);
    // The peer noticed that its connection was dead before we did.
    if (earlier !== undefined && earlier !== connection) this.#sink.replace(earlier);
    this.#update(place, card.n, signed);
    this.#welcome(place, connection, ice);
    this.#nodes.claimed(place);
    return { joined: true, place };
  }

  #takePlace(
    key: string,
    request: JoinRequest<Connection>,
    earlier: Place<Connection> | undefined,
  ): JoinOutcome<Connection> {
    const { connection, room: name, card, signed, ice } = request;
    const full = this.#whatIsFull(name);
    if (full !== undefined) return { joined: false, full };
    const room = this.#rooms.get(name) ?? this.#openRoom(name);
    const place: MutablePlace<Connection> = {
      room,
      key,
      id: undefined,
      box: compact(card.box),
      signed: compactCard(signed),
      n: card.n,
      connection,
      holder: here,
      stamp: this.#stampAfter(earlier),
    };
    room.places.set(key, place);
    room.here++;
    this.#peers++;
    this.#tellOthers(place, { t: "peer-joined", card: signed });
    this.#welcome(place, connection, ice);
    this.#nodes.claimed(place);
    return { joined: true, place };
  }

  #openRoom(name: string): Room<Connection> {
    const room: Room<Connection> = { name, places: new Map(), here: 0 };
    this.#rooms.set(name, room);
    this.#nodes.opened(name);
    return room;
  }

  /** The place is this node's from now on. */
  #hold(place: MutablePlace<Connection>): void {
    if (place.holder === here) return;
    place.holder = here;
    place.room.here++;
    this.#peers++;
  }

  #stampAfter(earlier: Place<Connection> | undefined): number {
    return Math.max(this.#nodes.stamp(), (earlier?.stamp ?? -1) + 1);
  }

  #moveElsewhere(place: MutablePlace<Connection>, node: NodeId, claim: ReadClaim): void {
    const { connection, holder } = place;
    const wasAway = isAway(place);
    this.#stopWaiting(place);
    place.connection = undefined;
    place.holder = { at: "node", node, away: claim.away };
    place.stamp = claim.stamp;
    this.#update(place, claim.n, claim.card);
    if (claim.away && !wasAway) this.#tellOthers(place, { t: "peer-away", id: expand(place.key) });
    if (connection !== undefined) this.#sink.replace(connection);
    if (holder === here) this.#release(place, "moved");
  }

  #seatElsewhere(room: Room<Connection>, node: NodeId, { key, box, card, n, stamp, away }: ReadClaim): void {
    // What the node itself had let in already may be more than this one would.
    if (room.places.size >= this.#settings.peersPerRoom * elsewhereFactor) return;
    const holder = { at: "node", node, away } as const;
    const signed = compactCard(card);
    const place = { room, key, id: undefined, box, signed, n, connection: undefined, holder, stamp };
    room.places.set(key, place);
    this.#tellOthers(place, { t: "peer-joined", card });
    if (away) this.#tellOthers(place, { t: "peer-away", id: expand(key) });
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
    const { room, holder } = place;
    place.connection = undefined;
    this.#stopWaiting(place);
    room.places.delete(place.key);
    this.#tellOthers(place, { t: "peer-left", id: expand(place.key), reason });
    if (holder === here) this.#release(place, reason);
  }

  /** This node has the place no longer. */
  #release(place: MutablePlace<Connection>, reason: GoneReason): void {
    const { room } = place;
    this.#peers--;
    room.here--;
    this.#nodes.gone(place, reason);
    if (room.here > 0) return;
    this.#rooms.delete(room.name);
    for (const other of room.places.values()) this.#stopWaiting(other);
    this.#nodes.closed(room.name);
  }

  #stopWaiting(place: MutablePlace<Connection>): void {
    this.#away.delete(place);
    this.#silent.delete(place);
  }

  #update(place: MutablePlace<Connection>, n: number, signed: SignedCard): boolean {
    if (n <= place.n) return false;
    place.n = n;
    place.signed = compactCard(signed);
    this.#tellOthers(place, { t: "peer-updated", card: signed });
    return true;
  }

  #hasRoom(connection: Connection, kind: ForwardClass): boolean {
    const { bufferedBytes } = this.#settings;
    // Relayed traffic leaves room for the signals that may make it needless.
    return this.#sink.bufferedBytes(connection) <= (kind === "relay" ? bufferedBytes / 2 : bufferedBytes);
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
