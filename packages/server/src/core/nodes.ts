import type { ForwardClass } from "@skein/protocol";
import { Neighbour, type Taken, type Touched } from "./neighbour.js";
import type { Change, Claim, GoneReason, NodeId, NodesMessage, ReadClaim, RoomKey } from "./nodes-message.js";
import { type OwnRoom, OwnRooms, type Slice } from "./own-rooms.js";
import { cardOf, type ForwardOutcome, type Hub, type HubNodes, type Place } from "./rooms.js";
import { StampClock } from "./stamp-clock.js";

export interface NodesSettings {
  /** This node's own. */
  readonly node: NodeId;
  readonly beatMs: number;
  /** A node that wasn't heard for so long has ended. */
  readonly silentMs: number;
  /** Whom one node may have in a room. */
  readonly peersPerRoom: number;
  /** Other nodes that are known at the same time. */
  readonly nodes: number;
  /** Bytes of cards in one snapshot; at least one of them is in it. */
  readonly snapshotBytes: number;
  keyOf(room: string): RoomKey;
  wallMs(): number;
}

/** What the core does to the world. None of these may call it back before it has returned. */
export interface NodesSink {
  /** An operator at another node sends a peer away. */
  remove(key: string, room: string | undefined, forMs: number): void;
  toAll(message: NodesMessage): void;
  toRoom(room: RoomKey, message: NodesMessage): void;
  toNode(node: NodeId, message: NodesMessage): void;
  /** Room messages of this room are wanted from now on, or no more. */
  listen(room: RoomKey, isOn: boolean): void;
  /** A forward for a peer that the node has. The packet has the source's key in it, and is given away. */
  forward(node: NodeId, room: RoomKey, target: string, kind: ForwardClass, packet: Uint8Array): "passed" | "busy";
}

type Link = { readonly phase: "away" } | { readonly phase: "there"; readonly beatMs: number; readonly echoMs: number };
type Of<Type extends NodesMessage["type"]> = Extract<NodesMessage<ReadClaim>, { type: Type }>;

const away: Link = { phase: "away" };
/** Rooms in one question. */
const roomsPerAsk = 256;
const roomKeyBytes = 16;

/**
 * The other nodes of the server: tells them who is with this one, and the hub who is with them.
 *
 * Each node alone says who is with it, and everyone else repeats nothing of that. Changes are told as they happen; beats say how far each
 * room has come, so that whatever was missed is asked for. Of several claims to one peer that with the highest stamp holds, then the one
 * with the newer card, then that of the greater node: whoever knows the same claims shows the same.
 *
 * Invariants:
 * 1. What the hub shows of a peer is the claim that holds, of all those that are known. Where there is none left, the reason is told,
 *    or the place waits for its grace.
 * 2. This node keeps no claim of its own that another's outdoes.
 * 3. A node is taken for ended only while this one's own words come back to it.
 */
export class Nodes<Connection> implements HubNodes<Connection> {
  readonly #settings: NodesSettings;
  readonly #sink: NodesSink;
  readonly #hub: Hub<Connection>;
  readonly #rooms = new OwnRooms();
  readonly #neighbours = new Map<NodeId, Neighbour>();
  readonly #clock = new StampClock();
  #link = away;
  #states = 0;

  constructor(hub: Hub<Connection>, settings: NodesSettings, sink: NodesSink) {
    this.#hub = hub;
    this.#settings = settings;
    this.#sink = sink;
  }

  /** Whether others can be reached. */
  get isThere(): boolean {
    return this.#link.phase === "there";
  }

  /** The other nodes that are known. */
  get nodes(): readonly NodeId[] {
    return [...this.#neighbours.keys()];
  }

  // What happens here.

  stamp(): number {
    return this.#clock.now(this.#settings.wallMs());
  }

  opened(name: string): void {
    const room: OwnRoom = { name, key: this.#settings.keyOf(name), state: 0 };
    this.#rooms.add(room);
    this.#sink.listen(room.key, true);
    this.#sink.toRoom(room.key, { type: "ask", rooms: [room.key] });
  }

  closed(name: string): void {
    const room = this.#rooms.named(name);
    if (room === undefined) return;
    this.#rooms.delete(room);
    this.#sink.listen(room.key, false);
    for (const neighbour of this.#neighbours.values()) neighbour.forget(room.key);
  }

  claimed(place: Place<Connection>): void {
    this.#tell(place, { type: "claim", claim: claimOf(place) });
  }

  seated(place: Place<Connection>): void {
    const { key, stamp } = place;
    this.#tell(place, { type: "seat", key, stamp, away: place.connection === undefined });
  }

  gone({ room, key }: Place<Connection>, reason: GoneReason): void {
    this.#tell({ room }, { type: "gone", key, reason });
  }

  forward(
    { room: { name } }: Place<Connection>,
    node: NodeId,
    target: string,
    kind: ForwardClass,
    packet: Uint8Array,
  ): ForwardOutcome {
    const room = this.#rooms.named(name);
    // Where the backplane is away nobody can be reached for now, which passes.
    if (!this.isThere || room === undefined) return "gone";
    return this.#sink.forward(node, room.key, target, kind, packet);
  }

  /** A forward from another node, for a peer that is with this one. */
  deliver(key: RoomKey, target: string, kind: ForwardClass, packet: Uint8Array): ForwardOutcome {
    const room = this.#rooms.get(key);
    return room === undefined ? "gone" : this.#hub.deliver(room.name, target, kind, packet);
  }

  /** A forward wasn't delivered by the node it went to. */
  undelivered(key: RoomKey, source: string, target: string, reason: "gone" | "busy", kind: ForwardClass): void {
    const room = this.#rooms.get(key);
    if (room !== undefined) this.#hub.undelivered(room.name, source, target, reason, kind);
  }

  /** An operator sends a peer away: wherever it is. */
  remove(key: string, room: string | undefined, forMs: number): void {
    const roomKey = room === undefined ? undefined : this.#settings.keyOf(room);
    this.#sink.toAll({ type: "remove", key, room: roomKey, forMs });
  }

  // What comes of the backplane.

  /** This node can be heard again. What was said meanwhile it has missed, and so have those that were cut off with it. */
  connected(nowMs: number): void {
    this.#link = { phase: "there", beatMs: nowMs + this.#settings.beatMs, echoMs: nowMs };
    for (const neighbour of this.#neighbours.values()) neighbour.heardMs = nowMs;
    for (const slice of this.#rooms.slices()) this.#beat(slice, slice.first === 0);
  }

  disconnected(): void {
    this.#link = away;
  }

  /** Says goodbye. Nothing is said after it. */
  end(): void {
    this.#sink.toAll({ type: "bye" });
    this.#link = away;
  }

  handle(from: NodeId, message: NodesMessage<ReadClaim>, nowMs: number): void {
    if (from === this.#settings.node) return this.#hearOneself(nowMs);
    if (message.type === "bye") return this.#lose(from, nowMs);
    const neighbour = this.#meet(from, nowMs);
    if (neighbour === undefined) return;
    neighbour.heardMs = nowMs;
    switch (message.type) {
      case "beat":
        return this.#handleBeat(neighbour, message, nowMs);
      case "ask":
        return this.#answer(from, message.rooms);
      case "remove":
        return this.#handleRemove(message);
      default: {
        const room = this.#rooms.get(message.room);
        if (room === undefined) return;
        const taken = message.type === "change" ? neighbour.change(message) : neighbour.snapshot(message);
        return this.#take(neighbour, room, taken, nowMs);
      }
    }
  }

  deadline(): number | undefined {
    return this.#link.phase === "there" ? this.#link.beatMs : undefined;
  }

  tick(nowMs: number): void {
    const link = this.#link;
    if (link.phase === "away" || nowMs < link.beatMs) return;
    const { beatMs, silentMs } = this.#settings;
    this.#link = { ...link, beatMs: nowMs + beatMs };
    this.#beat(this.#rooms.nextSlice(), false);
    // Who doesn't hear its own words can't tell who else is silent.
    if (nowMs - link.echoMs > beatMs * 2) return;
    for (const { node, heardMs } of [...this.#neighbours.values()]) {
      if (nowMs - heardMs > silentMs) this.#lose(node, nowMs);
    }
  }

  #beat({ first, span, rooms }: Slice, asks: boolean): void {
    this.#sink.toAll({ type: "beat", stamp: this.stamp(), state: this.#states, asks, first, span, rooms });
  }

  #hearOneself(nowMs: number): void {
    if (this.#link.phase === "there") this.#link = { ...this.#link, echoMs: nowMs };
  }

  #meet(node: NodeId, nowMs: number): Neighbour | undefined {
    const known = this.#neighbours.get(node);
    if (known !== undefined || this.#neighbours.size >= this.#settings.nodes) return known;
    const neighbour = new Neighbour(node, this.#settings.peersPerRoom, nowMs);
    this.#neighbours.set(node, neighbour);
    return neighbour;
  }

  /** The node has ended. Its peers are expected elsewhere, for as long as their grace lasts. */
  #lose(node: NodeId, nowMs: number): void {
    const neighbour = this.#neighbours.get(node);
    if (neighbour === undefined) return;
    this.#neighbours.delete(node);
    for (const room of [...this.#rooms.within(0, 256)]) {
      const touched = neighbour.keys(room.key).map((key) => ({ key, gone: undefined }));
      this.#settle(node, room, touched, nowMs);
    }
  }

  #handleBeat(neighbour: Neighbour, { stamp, state, asks, first, span, rooms }: Of<"beat">, nowMs: number): void {
    this.#clock.see(stamp, this.#settings.wallMs());
    const listed = new Map(rooms);
    const missed: RoomKey[] = [];
    for (const room of [...this.#rooms.within(first, span)]) {
      const theirs = listed.get(room.key);
      if (theirs === undefined) this.#settle(neighbour.node, room, neighbour.clear(room.key, state), nowMs);
      else if (!neighbour.isKnown(room.key, theirs)) missed.push(room.key);
    }
    this.#askFor(neighbour, missed, nowMs);
    if (!asks) return;
    for (const slice of this.#rooms.slices()) this.#tellSlice(neighbour.node, slice);
  }

  #handleRemove({ key, room, forMs }: Of<"remove">): void {
    const own = room === undefined ? undefined : this.#rooms.get(room);
    // A room that isn't ours: nobody is to leave it, yet the peer may be one to be kept out.
    if (room !== undefined && own === undefined && forMs === 0) return;
    this.#sink.remove(key, own?.name ?? (room === undefined ? undefined : ""), forMs);
  }

  #tellSlice(node: NodeId, { first, span, rooms }: Slice): void {
    this.#sink.toNode(node, {
      type: "beat",
      stamp: this.stamp(),
      state: this.#states,
      asks: false,
      first,
      span,
      rooms,
    });
  }

  #askFor(neighbour: Neighbour, rooms: readonly RoomKey[], nowMs: number): void {
    const wanted = rooms.filter((room) => neighbour.mayAsk(room, nowMs, this.#settings.beatMs));
    for (let at = 0; at < wanted.length; at += roomsPerAsk) {
      this.#sink.toNode(neighbour.node, { type: "ask", rooms: wanted.slice(at, at + roomsPerAsk) });
    }
  }

  #answer(node: NodeId, keys: readonly RoomKey[]): void {
    for (const key of keys) {
      const room = this.#rooms.get(key);
      if (room === undefined || room.state === 0) continue;
      const parts = cut([...this.#hub.placesHere(room.name)].map(claimOf), this.#settings.snapshotBytes);
      for (const [part, claims] of parts.entries()) {
        const { state } = room;
        this.#sink.toNode(node, { type: "snapshot", room: key, state, part, parts: parts.length, claims });
      }
    }
  }

  #take(neighbour: Neighbour, room: OwnRoom, taken: Taken, nowMs: number): void {
    if (taken.fits) this.#settle(neighbour.node, room, taken.touched, nowMs);
    else this.#askFor(neighbour, [room.key], nowMs);
  }

  /** Shows the claims that hold now. */
  #settle(node: NodeId, room: OwnRoom, touched: readonly Touched[], nowMs: number): void {
    for (const { key, gone } of touched) {
      const shown = this.#hub.placeOf(room.name, key);
      const best = this.#bestClaim(room.key, key);
      if (best !== undefined) {
        const isOutdone =
          shown === undefined || shown.holder.at !== "here" || outdoes(best, shown, this.#settings.node);
        if (isOutdone) this.#hub.showElsewhere(room.name, best.node, best.claim);
      } else if (shown?.holder.at === "node" && shown.holder.node === node) this.#vacate(room, key, gone, nowMs);
      // The last of our own peers there may have been outdone: nobody is left to be shown anything.
      if (this.#rooms.get(room.key) !== room) return;
    }
  }

  #vacate(room: OwnRoom, key: string, gone: GoneReason | undefined, nowMs: number): void {
    if (gone === undefined || gone === "moved") this.#hub.vacate(room.name, key, gone === "moved", nowMs);
    else this.#hub.dropElsewhere(room.name, key, gone);
  }

  #bestClaim(room: RoomKey, key: string): { readonly node: NodeId; readonly claim: ReadClaim } | undefined {
    let best: { readonly node: NodeId; readonly claim: ReadClaim } | undefined;
    for (const neighbour of this.#neighbours.values()) {
      const claim = neighbour.claim(room, key);
      if (claim === undefined) continue;
      const { node } = neighbour;
      if (best === undefined || outdoes({ node, claim }, best.claim, best.node)) best = { node, claim };
    }
    return best;
  }

  #tell({ room: { name } }: Pick<Place<Connection>, "room">, change: Change): void {
    const room = this.#rooms.named(name);
    if (room === undefined) return;
    const before = room.state;
    room.state = ++this.#states;
    this.#sink.toRoom(room.key, { type: "change", room: room.key, before, state: room.state, change });
  }
}

/** Whether a claim holds, where another node has the other. */
function outdoes(
  { node, claim }: { readonly node: NodeId; readonly claim: ReadClaim },
  other: { readonly stamp: number; readonly n: number },
  otherNode: NodeId,
): boolean {
  if (claim.stamp !== other.stamp) return claim.stamp > other.stamp;
  if (claim.n !== other.n) return claim.n > other.n;
  return node > otherNode;
}

function claimOf(place: Place<unknown>): Claim {
  return { card: cardOf(place), stamp: place.stamp, away: place.connection === undefined };
}

/** Claims in parts of about so many bytes. There is always one part. */
function cut(claims: readonly Claim[], mostBytes: number): Claim[][] {
  const parts: Claim[][] = [[]];
  let bytes = 0;
  for (const claim of claims) {
    const size = claim.card.b.length + claim.card.s.length + roomKeyBytes;
    if (bytes > 0 && bytes + size > mostBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(claim);
    bytes += size;
  }
  return parts;
}
