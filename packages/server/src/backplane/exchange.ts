import { createHash } from "node:crypto";
import { type ForwardClass, type PeerId, peerIdOf, peerKeyOf } from "@skein/protocol";
import { compact, expand } from "../core/compact.js";
import { Nodes, type NodesSink } from "../core/nodes.js";
import type { NodeId, NodesMessage, RoomKey } from "../core/nodes-message.js";
import type { Hub } from "../core/rooms.js";
import type { EndOfTurn } from "../end-of-turn.js";
import type { ServerEvent } from "../events.js";
import type { BackplaneSettings, Settings } from "../options.js";
import { type Backplane, type BackplaneListener, subjects } from "./backplane.js";
import {
  forwardHead,
  type Letter,
  letterKind,
  type Parcel,
  readForwards,
  readLetter,
  readUndelivered,
  writeLetter,
  writeUndelivered,
} from "./parcels.js";
import { Post } from "./post.js";
import { BackplaneCounters, type BackplaneStats } from "./stats.js";
import { decodeWords, encodeWords, nameBytes } from "./words.js";

/** Many clients share it, so that it may hold as much as some of them. */
const clientsWorth = 4;
/** Words are let wait longer than forwards; beyond, they are lost like any, and healed like any. */
const wordsFactor = 4;
const nodesMost = 256;
const snapshotBytes = 128 * 1024;
/** A forward's source stands behind its kind. */
const sourceAt = { from: 1, to: 33 } as const;

/** What an exchange has of its server. */
export interface ExchangeWorld<Connection> {
  readonly settings: Settings;
  readonly hub: Hub<Connection>;
  readonly endOfTurn: EndOfTurn;
  readonly log: (event: ServerEvent) => void;
  /** A deadline may have changed. */
  rearm(): void;
  /** An operator at another node sends a peer away. */
  removed(peer: PeerId, room: string | undefined, forMs: number): void;
}

/** This node's dealings with the others: its core on one side, the backplane on the other. */
export class Exchange<Connection> implements NodesSink, BackplaneListener {
  readonly #world: ExchangeWorld<Connection>;
  readonly #backplane: Backplane;
  readonly #node: NodeId;
  readonly #nodes: Nodes<Connection>;
  readonly #counters = new BackplaneCounters();
  readonly #forwards: Post;
  readonly #undelivered: Post;
  readonly #mostBytes: number;

  constructor(world: ExchangeWorld<Connection>, options: BackplaneSettings) {
    const { settings, hub, endOfTurn } = world;
    const { backplane, beatMs, silentMs } = options;
    this.#world = world;
    this.#backplane = backplane;
    this.#node = compact(settings.random(nameBytes));
    this.#mostBytes = settings.limits.bufferedBytes * clientsWorth;
    const { peersPerRoom } = settings.limits;
    const ours = { node: this.#node, beatMs, silentMs, peersPerRoom, nodes: nodesMost, snapshotBytes };
    this.#nodes = new Nodes(hub, { ...ours, keyOf, wallMs: () => settings.clock.wallMs() }, this);
    hub.nodes = this.#nodes;
    this.#forwards = new Post(endOfTurn, (node, parts) => this.#send(node, letterKind.forwards, parts));
    this.#undelivered = new Post(endOfTurn, (node, parts) => this.#send(node, letterKind.undelivered, parts));
  }

  /** Begins: not before the server can be reached itself. */
  open(): void {
    this.#backplane.subscribe(subjects.all);
    this.#backplane.subscribe(subjects.node(this.#node));
    this.#backplane.start(this);
  }

  get isThere(): boolean {
    return this.#nodes.isThere;
  }

  stats(): BackplaneStats {
    const { kind, bufferedBytes } = this.#backplane;
    return this.#counters.stats({ kind, isThere: this.isThere, nodes: this.#nodes.nodes.length, bufferedBytes });
  }

  deadline(): number | undefined {
    return this.#nodes.deadline();
  }

  tick(nowMs: number): void {
    this.#nodes.tick(nowMs);
  }

  /** The others are told; what is on its way goes out. */
  async close(): Promise<void> {
    this.#forwards.flush();
    this.#undelivered.flush();
    this.#nodes.end();
    await this.#backplane.close();
  }

  // What the backplane says.

  up(): void {
    this.#counters.connects++;
    this.#world.log({ type: "backplane", is: "there" });
    this.#nodes.connected(this.#world.settings.clock.nowMs());
    this.#world.rearm();
  }

  down(): void {
    this.#world.log({ type: "backplane", is: "away" });
    this.#nodes.disconnected();
  }

  message(bytes: Uint8Array): void {
    this.#counters.received(bytes.length);
    const letter = readLetter(bytes);
    if (letter === undefined) return this.#counters.reject();
    switch (letter.kind) {
      case letterKind.words:
        return this.#handleWords(letter);
      case letterKind.forwards:
        return this.#handleForwards(letter);
      case letterKind.undelivered:
        return this.#handleUndelivered(letter);
      default:
        return this.#counters.reject();
    }
  }

  /** Has the other nodes send a peer away. */
  tellRemoved(peer: PeerId, room: string | undefined, forMs: number): void {
    this.#nodes.remove(compact(peerKeyOf(peer)), room, Math.ceil(forMs));
  }

  // What the core says.

  remove(key: string, room: string | undefined, forMs: number): void {
    this.#world.removed(peerIdOf(expand(key)), room, forMs);
  }

  toAll(message: NodesMessage): void {
    this.#say(subjects.all, message);
  }

  toRoom(room: RoomKey, message: NodesMessage): void {
    this.#say(subjects.room(room), message);
  }

  toNode(node: NodeId, message: NodesMessage): void {
    this.#say(subjects.node(node), message);
  }

  listen(room: RoomKey, isOn: boolean): void {
    const subject = subjects.room(room);
    if (isOn) this.#backplane.subscribe(subject);
    else this.#backplane.unsubscribe(subject);
  }

  forward(node: NodeId, room: RoomKey, target: string, kind: ForwardClass, packet: Uint8Array): "passed" | "busy" {
    const most = kind === "relay" ? this.#mostBytes / 2 : this.#mostBytes;
    if (this.#backplane.bufferedBytes + this.#forwards.heldBytes > most) return "busy";
    this.#counters.forwardsOut++;
    this.#forwards.add(node, forwardHead(room, target, packet.length), packet);
    return "passed";
  }

  #say(subject: string, message: NodesMessage): void {
    if (this.#backplane.bufferedBytes > this.#mostBytes * wordsFactor) return this.#counters.lose();
    this.#publish(subject, writeLetter(letterKind.words, this.#node, [encodeWords(message)]));
  }

  #send(node: NodeId, kind: 2 | 3, parts: readonly Uint8Array[]): void {
    this.#publish(subjects.node(node), writeLetter(kind, this.#node, parts));
  }

  #publish(subject: string, bytes: Uint8Array): void {
    this.#counters.sent(bytes.length);
    this.#backplane.publish(subject, bytes);
  }

  #handleWords({ from, body }: Letter): void {
    const words = decodeWords(body);
    if (!words.ok) return this.#counters.reject();
    this.#nodes.handle(from, words.value, this.#world.settings.clock.nowMs());
    this.#world.rearm();
  }

  #handleForwards({ from, body }: Letter): void {
    for (const parcel of readForwards(body)) {
      if (parcel === undefined) return this.#counters.reject();
      this.#counters.forwardsIn++;
      this.#deliver(from, parcel);
    }
  }

  #deliver(from: NodeId, { room, target, kind, packet }: Parcel): void {
    // Read first: whoever it is delivered to may write over it.
    const reason = this.#nodes.deliver(room, target, kind, packet);
    if (reason === "passed") return;
    const source = packet.toString("latin1", sourceAt.from, sourceAt.to);
    this.#undelivered.add(from, writeUndelivered({ room, source, target, reason, kind }));
  }

  #handleUndelivered({ body }: Letter): void {
    for (const one of readUndelivered(body)) {
      if (one === undefined) return this.#counters.reject();
      this.#nodes.undelivered(one.room, one.source, one.target, one.reason, one.kind);
    }
  }
}

/** Rooms' names may be secrets, and a backplane is seen by more than its nodes. */
function keyOf(room: string): RoomKey {
  return createHash("sha256").update(room).digest().toString("latin1", 0, nameBytes);
}
