import { type PeerId, SkeinError } from "@skein/protocol";
import { Exchange } from "./backplane/exchange.js";
import { Alarm } from "./clock.js";
import { Commons, type Turned } from "./commons.js";
import { Connection, type ConnectionWorld } from "./connection.js";
import { Agenda } from "./core/agenda.js";
import { Bars } from "./core/bars.js";
import { drainAfterMs } from "./core/drain.js";
import { everyonesPace, Pacer } from "./core/pacer.js";
import { Hub, type PeerView, type RoomView } from "./core/rooms.js";
import { WaitingLine } from "./core/waiting-line.js";
import { EndOfTurn } from "./end-of-turn.js";
import type { ServerEvent } from "./events.js";
import type { Readiness } from "./http.js";
import { Listeners } from "./listeners.js";
import { type RoomServerOptions, type Settings, settle } from "./options.js";
import { Resumption } from "./resumption.js";
import type { ClientSocket, Corkable } from "./socket.js";
import { Counters, type ServerStats } from "./stats.js";
import { IceDesk } from "./turn/ice-desk.js";
import { Turnstiles } from "./turnstile.js";

/** How long clients are given to take their leave when the server closes, and one that is sent away to go. */
export const farewellMs = 1_000;

/**
 * A server's rooms over sockets that someone else accepts: all of a server but the listening. For programs that have a
 * WebSocket server of their own, and for simulated worlds.
 *
 * @throws {SkeinError} `bad-argument` for an option that can't be used.
 * @example
 * const rooms = createRoomServer();
 * webSocketServer.handleUpgrade(request, stream, head, (socket) => rooms.accept(socket, stream));
 */
export function createRoomServer(options: RoomServerOptions = {}): RoomServer {
  const rooms = new RoomServer(settle(options));
  rooms.open();
  return rooms;
}

/** How long after the last client was to go those are waited for that haven't. */
const stragglersMs = 5_000;
/** How many peers can be kept out at the same time. */
const barsMost = 10_000;

/** Whom to send away. */
export interface Removal {
  readonly peer: PeerId;
  /** Where from. Default: every room. */
  readonly room?: string | undefined;
  /** How long the peer is kept out, of every room. Default: not at all. */
  readonly forMs?: number | undefined;
}

/** Who is connected, and the hub in which they meet. Made by {@link createRoomServer}. */
export class RoomServer {
  readonly #settings: Settings;
  readonly #counters = new Counters();
  readonly #hub: Hub<Connection>;
  readonly #connections: Listeners;
  readonly #commons: Commons;
  readonly #bars = new Bars(barsMost);
  readonly #joining: WaitingLine<Connection>;
  readonly #heartbeats: WaitingLine<Connection>;
  readonly #tenures = new Agenda<Connection>();
  readonly #ice: IceDesk<Connection>;
  readonly #exchange: Exchange<Connection> | undefined;
  readonly #alarm: Alarm;
  readonly #world: ConnectionWorld;
  #numbered = 0;
  #sweptMs: number;
  #phase: "open" | "draining" | "closing" = "open";
  /** Called when the last connection is gone. */
  #emptied: (() => void) | undefined;

  /** @internal Use {@link createRoomServer}. */
  constructor(settings: Settings) {
    this.#settings = settings;
    const { clock, limits } = settings;
    this.#hub = new Hub<Connection>(
      { ...limits, graceMs: settings.graceMs, silentGraceMs: settings.silentGraceMs },
      {
        send: (connection, packet) => connection.send(packet),
        forward: (connection, packet) => connection.forward(packet),
        bufferedBytes: (connection) => connection.bufferedBytes,
        replace: (connection) => connection.replaced(),
        undelivered: (connection, ...what) => connection.undelivered(...what),
      },
    );
    this.#connections = new Listeners((connection, code) => this.#forget(connection, code));
    this.#commons = new Commons(limits);
    this.#joining = new WaitingLine(settings.joinTimeoutMs);
    this.#heartbeats = new WaitingLine(settings.heartbeatMs);
    this.#ice = new IceDesk(settings);
    this.#alarm = new Alarm(clock, () => this.#wake());
    this.#sweptMs = clock.nowMs();
    this.#world = {
      settings,
      hub: this.#hub,
      counters: this.#counters,
      commons: this.#commons,
      endOfTurn: new EndOfTurn(),
      ice: this.#ice,
      turnstiles: new Turnstiles(limits.joinsAtOnce),
      pacer: new Pacer(everyonesPace),
      resumption: new Resumption(),
      log: (event) => this.log(event),
      barredMs: (peer) => this.#bars.leftMs(peer, clock.nowMs()),
      joined: (connection) => {
        this.#joining.delete(connection);
        this.#arm();
      },
      schedule: (connection, atMs) => this.#schedule(connection, atMs),
      rearm: () => this.#arm(),
    };
    this.#exchange = this.#joinNodes();
  }

  /** @internal From now on clients may come: the other nodes are told. */
  open(): void {
    this.#exchange?.open();
  }

  /** How many sockets are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Whether newcomers are taken. */
  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /**
   * Whether newcomers are taken. They are while the backplane is away too: that is away from all nodes most of the time, and then nobody
   * would take any.
   */
  get readiness(): Readiness {
    if (this.#exchange === undefined) return { ok: this.isOpen };
    return { ok: this.isOpen, backplane: this.#exchange.isThere ? "there" : "away" };
  }

  /** Cheap to ask, unlike {@link RoomServer.stats}. */
  get health(): { readonly rooms: number; readonly peers: number } {
    return { rooms: this.#hub.rooms, peers: this.#hub.peers };
  }

  /** What it holds and did, in figures. */
  stats(): ServerStats {
    const { joins, forwards, relayed, bytes, relayedBytes, delays, drops } = this.#counters;
    const { rooms, peers } = this.#hub;
    let bufferedBytes = 0;
    for (const connection of this.#connections) bufferedBytes += connection.bufferedBytes;
    const now = { connections: this.#connections.size, rooms, peers, bufferedBytes };
    const done = { ...now, joins, forwards, relayed, bytes, relayedBytes, delays, drops };
    return this.#exchange === undefined ? done : { ...done, backplane: this.#exchange.stats() };
  }

  /** The rooms there are, for operators. */
  rooms(): RoomView[] {
    return this.#hub.listRooms();
  }

  /** Who is in a room, for operators. Empty where there is no such room. */
  peers(room: string): PeerView[] {
    return this.#hub.listPeers(room);
  }

  /**
   * Sends a peer away, and keeps it out for as long as is said; so do other nodes. Gives how many places it had on this one.
   * @throws {SkeinError} `bad-argument` for a time that is none.
   */
  remove({ peer, room, forMs = 0 }: Removal): number {
    if (!(forMs >= 0)) throw new SkeinError("bad-argument", `forMs: ${forMs} can't be used: give milliseconds.`);
    this.#exchange?.tellRemoved(peer, room, forMs);
    return this.#remove(peer, room, forMs);
  }

  #remove(peer: PeerId, room: string | undefined, forMs: number): number {
    if (forMs > 0) this.#bars.add(peer, this.#settings.clock.nowMs() + forMs);
    const removed = this.#hub.remove(peer, room);
    for (const connection of removed.connections) connection.remove(forMs > 0 ? forMs : undefined);
    return removed.places;
  }

  /**
   * Whether one more connection may come from this address; each question counts as a connection. Give what {@link limitKeyOf} makes
   * of an address, and the same to {@link RoomServer.accept}.
   */
  arriveFrom(address: string | undefined): Turned | undefined {
    return this.#commons.arriveFrom(address, this.#settings.clock.nowMs());
  }

  /**
   * Takes a client's socket, which has agreed on the subprotocol `skein.1`, and challenges it.
   * @param stream what carries the socket, so that what was read together goes out together.
   * @param address whom it shares limits with; see {@link RoomServer.arriveFrom}.
   */
  accept(socket: ClientSocket, stream: Corkable, address?: string): void {
    const nowMs = this.#settings.clock.nowMs();
    const share = address === undefined ? undefined : this.#commons.address(address);
    const connection = new Connection(socket, stream, ++this.#numbered, this.#world, share);
    this.log({ type: "connected", connection: connection.number });
    this.#connections.add(socket, connection);
    this.#joining.add(connection, nowMs);
    this.#heartbeats.add(connection, nowMs);
    this.#arm();
  }

  /**
   * Has the clients go elsewhere: each is told after how long, evenly spread over `spreadMs`, and takes its links along. Resolves when
   * all have gone, or some seconds after the last was to go.
   */
  async drain(spreadMs: number): Promise<void> {
    if (this.#phase !== "open") return;
    this.#phase = "draining";
    const { size } = this.#connections;
    this.log({ type: "draining", connections: size });
    let index = 0;
    for (const connection of this.#connections) connection.drain(drainAfterMs(index++, size, spreadMs));
    await this.#emptyWithin(spreadMs + stragglersMs);
  }

  /** Sends everyone away. Resolves when the last has gone, after a second at most. */
  async close(): Promise<void> {
    this.#phase = "closing";
    for (const connection of this.#connections) connection.goAway();
    await this.#emptyWithin(farewellMs);
    for (const connection of this.#connections) connection.terminate();
    await this.#exchange?.close();
    this.#alarm.set(undefined);
  }

  /** @internal Something was turned away before it had a connection. */
  refused(): void {
    this.#counters.drop("not-upgraded");
  }

  /** @internal A log that throws must not cost anyone a connection. */
  log(event: ServerEvent): void {
    try {
      this.#settings.log(event);
    } catch {
      // There is nowhere left to tell of it.
    }
  }

  #joinNodes(): Exchange<Connection> | undefined {
    const { backplane } = this.#settings;
    const removed = (peer: PeerId, room: string | undefined, forMs: number) => void this.#remove(peer, room, forMs);
    return backplane === undefined ? undefined : new Exchange({ ...this.#world, removed }, backplane);
  }

  #emptyWithin(ms: number): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    // Whoever waits for a longer time is done as well: a close overtakes the drain before it.
    this.#emptied?.();
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(ms, resolve);
      this.#emptied = () => {
        cancel();
        resolve();
      };
    });
  }

  #schedule(connection: Connection, atMs: number | undefined): void {
    if (atMs === undefined) return this.#tenures.delete(connection);
    this.#tenures.set(connection, atMs);
    this.#arm();
  }

  #forget(connection: Connection, code: number): void {
    this.#joining.delete(connection);
    this.#heartbeats.delete(connection);
    this.#tenures.delete(connection);
    this.#ice.forget(connection);
    connection.handleClosed(code);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #wake(): void {
    const { clock, heartbeatMs } = this.#settings;
    const nowMs = clock.nowMs();
    this.#hub.tick(nowMs);
    this.#exchange?.tick(nowMs);
    for (const connection of this.#joining.takeDue(nowMs)) connection.expire();
    for (const connection of this.#tenures.takeDue(nowMs)) connection.wakeTenure(nowMs);
    for (const [connection, ice] of this.#ice.takeDue()) connection.tellIce(ice);
    for (const connection of this.#heartbeats.takeDue(nowMs)) {
      connection.beat(nowMs);
      this.#heartbeats.add(connection, nowMs);
    }
    if (nowMs >= this.#sweptMs + heartbeatMs) {
      this.#sweptMs = nowMs;
      this.#commons.sweep(nowMs);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#phase === "closing") return;
    const deadlines = [
      this.#hub.deadline(),
      this.#joining.deadline(),
      this.#heartbeats.deadline(),
      this.#tenures.deadline(),
      this.#ice.deadline(),
      this.#exchange?.deadline(),
    ];
    const atMs = Math.min(...deadlines.map((deadline) => deadline ?? Number.POSITIVE_INFINITY));
    this.#alarm.set(atMs === Number.POSITIVE_INFINITY ? undefined : atMs);
  }
}
