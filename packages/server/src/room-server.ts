import { Alarm } from "./clock.js";
import { Connection, type ConnectionWorld } from "./connection.js";
import { Hub } from "./core/rooms.js";
import { WaitingLine } from "./core/waiting-line.js";
import type { ServerEvent } from "./events.js";
import { type RoomServerOptions, type Settings, settle } from "./options.js";
import type { ClientSocket, Corkable } from "./socket.js";
import { Counters, type ServerStats } from "./stats.js";

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
  return new RoomServer(settle(options));
}

/** Who is connected, and the hub in which they meet. Made by {@link createRoomServer}. */
export class RoomServer {
  readonly #settings: Settings;
  readonly #counters = new Counters();
  readonly #hub: Hub<Connection>;
  readonly #connections = new Set<Connection>();
  readonly #joining: WaitingLine<Connection>;
  readonly #heartbeats: WaitingLine<Connection>;
  readonly #alarm: Alarm;
  readonly #world: ConnectionWorld;
  #numbered = 0;
  #phase: "open" | "closing" = "open";
  /** Called when the last connection is gone. */
  #emptied: (() => void) | undefined;

  /** @internal Use {@link createRoomServer}. */
  constructor(settings: Settings) {
    this.#settings = settings;
    const { clock, limits } = settings;
    this.#hub = new Hub<Connection>(
      { ...limits, graceMs: settings.graceMs, silentGraceMs: settings.silentGraceMs, iceServers: settings.iceServers },
      {
        send: (connection, packet) => connection.send(packet),
        forward: (connection, packet) => connection.forward(packet),
        bufferedBytes: (connection) => connection.bufferedBytes,
        replace: (connection) => connection.replaced(),
      },
    );
    this.#joining = new WaitingLine(settings.joinTimeoutMs);
    this.#heartbeats = new WaitingLine(settings.heartbeatMs);
    this.#alarm = new Alarm(clock, () => this.#wake());
    this.#world = {
      settings,
      hub: this.#hub,
      counters: this.#counters,
      log: (event) => this.log(event),
      joined: (connection) => this.#joining.delete(connection),
      rearm: () => this.#arm(),
    };
  }

  /** How many sockets are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Cheap to ask, unlike {@link RoomServer.stats}. */
  get health(): { readonly rooms: number; readonly peers: number } {
    return { rooms: this.#hub.rooms, peers: this.#hub.peers };
  }

  stats(): ServerStats {
    const { forwards, relayed, bytes, relayedBytes, delays, drops } = this.#counters;
    const { rooms, peers } = this.#hub;
    let bufferedBytes = 0;
    for (const connection of this.#connections) bufferedBytes += connection.bufferedBytes;
    const now = { connections: this.#connections.size, rooms, peers, bufferedBytes };
    return { ...now, forwards, relayed, bytes, relayedBytes, delays, drops };
  }

  /**
   * Takes a client's socket, which has agreed on the subprotocol `skein.1`, and challenges it.
   * @param stream what carries the socket, so that what was read together goes out together.
   */
  accept(socket: ClientSocket, stream: Corkable): void {
    const nowMs = this.#settings.clock.nowMs();
    const connection = new Connection(socket, stream, ++this.#numbered, this.#world);
    this.log({ type: "connected", connection: connection.number });
    this.#connections.add(connection);
    this.#joining.add(connection, nowMs);
    this.#heartbeats.add(connection, nowMs);
    this.#arm();
    socket.on("close", (code) => this.#forget(connection, code));
  }

  /** Sends everyone away. Resolves when the last has gone, after a second at most. */
  async close(): Promise<void> {
    this.#phase = "closing";
    for (const connection of this.#connections) connection.goAway();
    await this.#farewell();
    for (const connection of this.#connections) connection.terminate();
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

  #farewell(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(farewellMs, resolve);
      this.#emptied = () => {
        cancel();
        resolve();
      };
    });
  }

  #forget(connection: Connection, code: number): void {
    this.#connections.delete(connection);
    this.#joining.delete(connection);
    this.#heartbeats.delete(connection);
    connection.handleClosed(code);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #wake(): void {
    const nowMs = this.#settings.clock.nowMs();
    this.#hub.tick(nowMs);
    for (const connection of this.#joining.takeDue(nowMs)) connection.expire();
    for (const connection of this.#heartbeats.takeDue(nowMs)) {
      connection.beat();
      this.#heartbeats.add(connection, nowMs);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#phase === "closing") return;
    const deadlines = [this.#hub.deadline(), this.#joining.deadline(), this.#heartbeats.deadline()];
    const atMs = Math.min(...deadlines.map((deadline) => deadline ?? Number.POSITIVE_INFINITY));
    this.#alarm.set(atMs === Number.POSITIVE_INFINITY ? undefined : atMs);
  }
}
