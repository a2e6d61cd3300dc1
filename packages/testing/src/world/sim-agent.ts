import {
  type Identity,
  type JoinOptions,
  joinRoom,
  type PathProvider,
  type Room,
  type ServerOrder,
  webSocketSignaling,
} from "@skein/client";
import type { IceServer } from "@skein/protocol";
import { createIdentity } from "@skein/protocol";
import { type RelayFallbackOptions, relayFallback } from "@skein/relay-fallback";
import type { Nat, NatKind } from "../core/nat.js";
import type { SeededRandom } from "../core/seeded-random.js";
import type { Timeline } from "../core/timeline.js";
import type { Host } from "../network/host.js";
import type { LinkQuality } from "../network/quality.js";
import { simEngine } from "../rtc/engine.js";
import type { SimPeerConnection } from "../rtc/peer-connection.js";
import { type EngineName, engineProfiles } from "../rtc/profile.js";
import { SimWebSocket } from "../server/client-web-socket.js";
import { SimNetworkWatch } from "./network-watch.js";
import { Process, type SleepClock } from "./process.js";
import { syncEd25519 } from "./sync-ed25519.js";
import { type FrameTap, tapped } from "./tapped-paths.js";

type OwnJoinOptions = Omit<
  JoinOptions,
  | "server"
  | "serverOrder"
  | "signaling"
  | "room"
  | "identity"
  | "engine"
  | "clock"
  | "network"
  | "random"
  | "ed25519"
  | "paths"
>;

/** What an agent is, beside what `joinRoom` takes. */
export interface AgentOptions extends OwnJoinOptions {
  /** Default `lab`. */
  readonly room?: string;
  /** Addresses of the servers that it knows. Default: that of the world's own. */
  readonly servers?: readonly string[];
  /** Which of several it goes to. Default `listed`. */
  readonly serverOrder?: ServerOrder;
  /** What it stands behind: a kind of NAT of its own, or one that it shares. Default `none`. */
  readonly nat?: NatKind | Nat;
  readonly quality?: Partial<LinkQuality>;
  /** Whose engine its own behaves like. Default `chromium`. */
  readonly engine?: EngineName;
  /** Options of the relay path, or false for none. Default `{}`. */
  readonly relay?: RelayFallbackOptions | false;
  /** Runs with each room that it joins, at the start and after a crash: what handles messages goes here. */
  readonly program?: (room: Room, agent: SimAgent) => void;
}

/** What an agent has of its world. */
export interface SimAgentWorld {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly host: Host;
  readonly server: string;
  readonly iceServers: readonly IceServer[];
  failed(error: unknown): void;
  happened(what: string): void;
  readonly tap: FrameTap;
}

/** What of an agent's is open. */
export interface Holdings {
  readonly timers: number;
  readonly connections: number;
  readonly webSockets: number;
  readonly sockets: number;
  readonly networkListeners: number;
}

/** The events of a room that a trace tells. */
const told = ["peer-joined", "peer-connected", "peer-updated", "server-connected"] as const;
const toldWithReason = ["peer-disconnected", "path-changed", "peer-left"] as const;

/** A program in a room, on a machine of its own: it runs, crashes, sleeps, moves, and runs again. */
export class SimAgent {
  readonly name: string;
  readonly host: Host;
  readonly identity: Identity;
  readonly #world: SimAgentWorld;
  readonly #options: AgentOptions;
  #network = new SimNetworkWatch();
  #process: Process;
  #connections = new Set<SimPeerConnection>();
  #webSockets = new Set<SimWebSocket>();
  #room: Room | undefined;

  /** @internal Use `world.join`. */
  constructor(world: SimAgentWorld, name: string, options: AgentOptions) {
    this.#world = world;
    this.name = name;
    this.host = world.host;
    this.#options = options;
    this.#process = this.#freshProcess();
    this.identity = createIdentity({ random: (length) => world.random.bytes(length), ed25519: syncEd25519 });
  }

  get id(): Identity["id"] {
    return this.identity.id;
  }

  /** The room it is in. @throws {Error} where it is in none, since it crashed, or left. */
  get room(): Room {
    if (this.#room === undefined)
      throw new Error(`${this.name} is in no room: it has crashed, left, or not joined yet.`);
    return this.#room;
  }

  /** Whether it is in a room. */
  get isIn(): boolean {
    return this.#room !== undefined;
  }

  get phase(): Process["phase"] {
    return this.#process.phase;
  }

  /** Time as this agent sees it. */
  get clock(): Process["clock"] {
    return this.#process.clock;
  }

  /** What it stands behind. */
  get nat(): NatKind {
    return this.host.nat?.kind ?? "none";
  }

  /** What waits in its fullest channel. */
  get bufferedBytes(): number {
    return Math.max(0, ...[...this.#connections].map((connection) => connection.bufferedBytes));
  }

  /** What it holds open now: nothing, once it has left. */
  get holdings(): Holdings {
    return {
      timers: this.#process.timers,
      connections: this.#connections.size,
      webSockets: this.#webSockets.size,
      sockets: this.host.openSockets,
      networkListeners: this.#network.listeners,
    };
  }

  /** Joins its room, in the process that there is. The world must move for it to get there. */
  async join(): Promise<Room> {
    const process = this.#process;
    const {
      program,
      nat,
      quality,
      engine,
      relay,
      servers,
      serverOrder,
      room: name = "lab",
      ...options
    } = this.#options;
    const room = await joinRoom({
      name: this.name,
      ...options,
      room: name,
      identity: this.identity,
      clock: process.clock,
      network: this.#network,
      random: (length) => process.random.bytes(length),
      ed25519: syncEd25519,
      engine: simEngine(this.#connectionWorld(process)),
      paths: this.#paths(),
      iceServers: [...(options.iceServers ?? []), ...(this.#world.iceServers as RTCIceServer[])],
      signaling: webSocketSignaling({
        url: servers ?? this.#world.server,
        order: serverOrder ?? "listed",
        webSocket: this.#webSocket(process),
      }),
    });
    if (process !== this.#process) throw new Error(`${this.name} crashed while it joined.`);
    this.#room = room;
    this.#listen(room);
    program?.(room, this);
    return room;
  }

  /** Leaves for good. The world must move for it to get there. */
  async leave(): Promise<void> {
    const room = this.#room;
    this.#world.happened(`${this.name} leaves`);
    this.#room = undefined;
    await room?.leave();
  }

  /** Its process ends without a word. */
  crash(): void {
    this.#world.happened(`${this.name} crashes`);
    this.#process.kill();
    this.#room = undefined;
    this.host.crash();
  }

  /** Crashes where it runs, and joins again as the same identity in a fresh process; its machine is on from then. */
  restart(): Promise<Room> {
    if (this.#process.phase !== "dead") this.crash();
    this.#world.happened(`${this.name} starts again`);
    this.host.turn("on");
    this.#network = new SimNetworkWatch();
    this.#connections = new Set();
    this.#webSockets = new Set();
    this.#process = this.#freshProcess();
    return this.join();
  }

  /** Its process stops; what comes for it waits in its machine, which runs on. */
  pause(): void {
    this.#world.happened(`${this.name} is paused`);
    this.#process.pause();
  }

  /** Its machine sleeps: nothing gets in or out. */
  sleep(): void {
    this.#world.happened(`${this.name} sleeps`);
    this.#process.pause();
    this.host.turn("off");
  }

  /** Goes on after a pause or a sleep. @param clock what its forward clock did meanwhile: platforms differ. */
  resume(clock: SleepClock = "goes on"): void {
    this.#world.happened(`${this.name} goes on`);
    this.host.turn("on");
    this.#process.resume(clock);
  }

  /**
   * Another network: another address, behind another NAT.
   * @param platform whether the platform tells of it; those that do reset what was open over the old one.
   */
  move(nat: NatKind | Nat, platform: "tells" | "is silent" = "tells"): void {
    this.#world.happened(`${this.name} moves (${typeof nat === "string" ? nat : nat.kind}, its platform ${platform})`);
    this.host.network.move(this.host, nat);
    if (platform === "is silent") return;
    this.#process.run(() => {
      for (const socket of [...this.#webSockets]) socket.networkLost();
      for (const connection of [...this.#connections]) connection.addressChanged();
      this.#network.tell("another network");
    });
  }

  /** Someone sets its wall's clock. */
  setWall(byMs: number): void {
    this.#world.happened(`${this.name}'s clock is set by ${byMs} ms`);
    this.#process.setWall(byMs);
  }

  #freshProcess(): Process {
    const { timeline, random, failed } = this.#world;
    return new Process(timeline, random.fork(), failed);
  }

  #paths(): PathProvider[] {
    const { relay = {} } = this.#options;
    return relay === false ? [] : [tapped(relayFallback(relay), this.#world.tap)];
  }

  #connectionWorld(process: Process): Parameters<typeof simEngine>[0] {
    const connections = this.#connections;
    return {
      process,
      host: this.host,
      profile: engineProfiles[this.#options.engine ?? "chromium"],
      // The second channel is of the lossy lane, which has no window.
      sent: (connection, channel, message) => channel === 0 && this.#world.tap(connection, message),
      opened: (connection) => connections.add(connection),
      closed: (connection) => connections.delete(connection),
    };
  }

  #webSocket(process: Process): new (url: string, protocols: string[]) => WebSocket {
    const sockets = this.#webSockets;
    const world = {
      process,
      host: this.host,
      opened: (socket: SimWebSocket) => sockets.add(socket),
      closed: (socket: SimWebSocket) => sockets.delete(socket),
    };
    return class extends SimWebSocket {
      constructor(url: string, protocols: string[]) {
        super(world, url, protocols);
      }
    } as unknown as new (
      url: string,
      protocols: string[],
    ) => WebSocket;
  }

  #listen(room: Room): void {
    const { happened } = this.#world;
    for (const event of told)
      room.on(event, (peer) => happened(`${this.name}: ${event}${peer ? ` ${nameOf(peer.card)}` : ""}`));
    for (const event of toldWithReason) {
      room.on(event, ({ peer, reason }) => {
        const path = event === "path-changed" ? ` ${peer.path ?? "no path"}` : "";
        happened(`${this.name}: ${event} ${nameOf(peer.card)}${path} (${reason})`);
      });
    }
    room.on("server-disconnected", ({ reason }) => happened(`${this.name}: server-disconnected (${reason})`));
    room.on("rejected", ({ code, reason }) => happened(`${this.name}: rejected ${code} (${reason})`));
    room.on("trouble", (error) => happened(`${this.name}: trouble ${error.code} (${error.message})`));
    room.on("closed", (error) => {
      happened(`${this.name}: closed${error ? ` ${error.code} (${error.message})` : ""}`);
      if (this.#room === room) this.#room = undefined;
    });
  }
}

function nameOf({ name, id }: { name?: string | undefined; id: string }): string {
  return name ?? id.slice(0, 6);
}
