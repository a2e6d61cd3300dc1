import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Card,
  decodeServerMessage,
  type Ed25519,
  encodeControl,
  type IceServer,
  platformRandom,
  type RandomBytes,
  SkeinError,
  limits as wire,
} from "@skein/protocol";
import { type Clock, platformClock } from "./clock.js";
import type { Rate } from "./core/token-bucket.js";
import type { ServerEvent } from "./events.js";

/** What a server puts up with. Each is checked before memory is taken. */
export interface ServerLimitOptions {
  /** Largest WebSocket message. From 32 KiB to the wire's own ceiling of 128 KiB, which is the default. */
  readonly packetBytes: number;
  /** Largest signed card. Default 8 KiB, which is the wire's ceiling. */
  readonly cardBytes: number;
  /** Open WebSockets. Default 16,384. */
  readonly connections: number;
  /** Default 16,384. */
  readonly rooms: number;
  /** Default 256. */
  readonly peersPerRoom: number;
  /** In all rooms together, those that are away included. Default 32,768. */
  readonly peers: number;
  /** Control messages of one connection. Default 20 a second, 60 at once. */
  readonly control: Rate;
  /** Forwards of the signal class from one connection. Default 500 a second, 5,000 at once. */
  readonly signals: Rate;
  /**
   * Bytes of the relay class from one connection; each packet counts for 256 at least. What comes faster is read later: none of
   * it is dropped. Default 4 MiB a second, 8 MiB at once.
   */
  readonly relayBytes: Rate;
  /**
   * What may wait to be sent to one connection. Beyond, forwards to it are dropped; those of the relay class beyond half of it.
   * Default 4 MiB.
   */
  readonly bufferedBytes: number;
}

/** What {@link ServerOptions.authorise} is asked about. */
export interface JoinAttempt {
  readonly room: string;
  /** Proved: whoever joins holds this card's identity. */
  readonly card: Card;
  readonly token: string | undefined;
}

/** What a server of rooms is, whoever accepts its sockets. */
export interface RoomServerOptions {
  /** STUN and TURN servers that joining clients are told of. */
  readonly iceServers?: readonly IceServer[] | undefined;
  readonly limits?: Partial<ServerLimitOptions> | undefined;
  /** How long the place of a client whose socket is gone is kept. Default 10,000. */
  readonly graceMs?: number | undefined;
  /**
   * The same of a client that stopped answering, whose network may be cut. Default 65,000: with the time until that was noticed, enough
   * for a cut of a minute and the return from it.
   */
  readonly silentGraceMs?: number | undefined;
  /** How often connections are asked whether they are still there. Default 15,000. */
  readonly heartbeatMs?: number | undefined;
  /** How long a connection may take to join, `authorise` included. Default 10,000. */
  readonly joinTimeoutMs?: number | undefined;
  /**
   * Decides who may join. To refuse, throw a `SkeinError` with the code `not-authorised`: its text goes to the client. Anything
   * else that is thrown refuses too, without its text.
   */
  readonly authorise?: ((join: JoinAttempt) => void | Promise<void>) | undefined;
  readonly log?: ((event: ServerEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: RandomBytes | undefined;
  /** Checks signatures in place of the platform's own Ed25519. */
  readonly ed25519?: Ed25519 | undefined;
}

export interface ServerOptions extends RoomServerOptions {
  /** Default 7700. 0 takes any that is free. */
  readonly port?: number | undefined;
  /** The address to listen on. Default `127.0.0.1`: this machine alone. */
  readonly host?: string | undefined;
  /** Where the WebSocket is. Default `/skein`. */
  readonly path?: string | undefined;
  /** A certificate and its key (PEM), for `wss:`. */
  readonly tls?: { readonly key: string | Uint8Array; readonly cert: string | Uint8Array } | undefined;
  /** Answers HTTP requests other than the server's own. Without it they get 404. */
  readonly handleRequest?: ((request: IncomingMessage, response: ServerResponse) => void | Promise<void>) | undefined;
  /** The origins whose pages may connect (`https://example.org`). Default: all. What sends no origin is no page, and may. */
  readonly allowOrigins?: readonly string[] | undefined;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly tls: ServerOptions["tls"];
  readonly iceServers: readonly IceServer[];
  readonly limits: ServerLimitOptions;
  readonly graceMs: number;
  readonly silentGraceMs: number;
  readonly heartbeatMs: number;
  readonly joinTimeoutMs: number;
  readonly authorise: (join: JoinAttempt) => void | Promise<void>;
  readonly handleRequest: ServerOptions["handleRequest"];
  readonly allowOrigins: ReadonlySet<string> | undefined;
  readonly log: (event: ServerEvent) => void;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly ed25519: Ed25519 | undefined;
}

const mebibyte = 1024 * 1024;

const defaultLimits: ServerLimitOptions = {
  packetBytes: wire.packetBytes,
  cardBytes: wire.cardBytes,
  connections: 16_384,
  rooms: 16_384,
  peersPerRoom: 256,
  peers: 32_768,
  control: { perSecond: 20, burst: 60 },
  // A newcomer in a full room sends each of the others an offer and some batches of candidates.
  signals: { perSecond: 500, burst: 5_000 },
  relayBytes: { perSecond: 4 * mebibyte, burst: 8 * mebibyte },
  bufferedBytes: 4 * mebibyte,
};

/** A join holds a card and a token of 8 KiB each; its answer a card and the ICE servers. */
const leastPacketBytes = 32 * 1024;
const iceMostBytes = 16 * 1024;
/** What a timer of the platform can wait for. */
const mostMs = 2 ** 31 - 1;

/** @throws {SkeinError} `bad-argument` for an option that can't be used. */
export function settle(options: ServerOptions): Settings {
  const settings: Settings = {
    port: options.port ?? 7700,
    host: options.host ?? "127.0.0.1",
    path: options.path ?? "/skein",
    tls: options.tls,
    iceServers: options.iceServers ?? [],
    limits: { ...defaultLimits, ...options.limits },
    graceMs: options.graceMs ?? 10_000,
    silentGraceMs: options.silentGraceMs ?? 65_000,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    joinTimeoutMs: options.joinTimeoutMs ?? 10_000,
    authorise: options.authorise ?? (() => {}),
    handleRequest: options.handleRequest,
    allowOrigins: options.allowOrigins === undefined ? undefined : new Set(options.allowOrigins),
    log: options.log ?? (() => {}),
    clock: options.clock ?? platformClock,
    random: options.random ?? platformRandom,
    ed25519: options.ed25519,
  };
  checkPlaces(settings);
  checkTimes(settings);
  checkLimits(settings.limits);
  checkIceServers(settings.iceServers);
  return settings;
}

function checkPlaces({ port, path }: Settings): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new SkeinError("bad-argument", `${port} is no port: choose one from 1 to 65535, or 0 for any that is free.`);
  }
  if (!/^\/[^?#\s]*$/.test(path)) {
    throw new SkeinError("bad-argument", `"${path}" is no path: it begins with "/" and has no "?", "#" or space.`);
  }
}

function checkTimes({ graceMs, silentGraceMs, heartbeatMs, joinTimeoutMs }: Settings): void {
  for (const [name, value, least] of [
    ["graceMs", graceMs, 0],
    ["silentGraceMs", silentGraceMs, 0],
    ["heartbeatMs", heartbeatMs, 1],
    ["joinTimeoutMs", joinTimeoutMs, 1],
  ] as const) {
    if (!Number.isFinite(value) || value < least || value > mostMs) {
      throw new SkeinError(
        "bad-argument",
        `${name}: ${value} can't be used: give milliseconds from ${least} to ${mostMs}.`,
      );
    }
  }
}

function checkLimits(limits: ServerLimitOptions): void {
  checkLimit("packetBytes", limits.packetBytes, leastPacketBytes, wire.packetBytes);
  checkLimit("cardBytes", limits.cardBytes, 1, wire.cardBytes);
  checkLimit("connections", limits.connections, 1);
  checkLimit("rooms", limits.rooms, 1);
  checkLimit("peersPerRoom", limits.peersPerRoom, 1);
  checkLimit("peers", limits.peers, 1);
  checkLimit("bufferedBytes", limits.bufferedBytes, limits.packetBytes);
  for (const name of ["control", "signals", "relayBytes"] as const) {
    checkLimit(`${name}.perSecond`, limits[name].perSecond, 0.001);
    checkLimit(`${name}.burst`, limits[name].burst, 1);
  }
}

/** Infinity is a limit too: none. */
function checkLimit(name: string, value: number, least: number, most = Number.POSITIVE_INFINITY): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `from ${least} to ${most}`;
  throw new SkeinError("bad-argument", `limits.${name}: ${value} can't be used: give a number, ${range}.`);
}

/** What the clients couldn't read, or what would leave no room for cards, is refused here rather than by each of them. */
function checkIceServers(iceServers: readonly IceServer[]): void {
  const wrong = iceServers.flatMap(({ urls }) => urls).find((url) => !/^(stuns?|turns?):[^\s]+$/.test(url));
  if (wrong !== undefined) {
    throw new SkeinError(
      "bad-argument",
      `"${wrong.slice(0, 100)}" is no ICE server: those look like stun:example.org:3478.`,
    );
  }
  const packet = encodeControl({ t: "joined", room: "room", peers: [], ice: [...iceServers] });
  if (packet.length > iceMostBytes || !decodeServerMessage(packet.subarray(1)).ok) {
    throw new SkeinError(
      "bad-argument",
      `iceServers can't be used: each has a list of urls and perhaps a username and a credential, ${wire.iceServers} servers ` +
        `and ${iceMostBytes / 1024} KiB at most.`,
    );
  }
}
