import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Card,
  decodeServerMessage,
  type Ed25519,
  encodeControl,
  type IceServer,
  iceUrlKind,
  platformRandom,
  type RandomBytes,
  SkeinError,
  limits as wire,
} from "@skein/protocol";
import type { Backplane, BackplaneOptions } from "./backplane/backplane.js";
import { type Clock, platformClock } from "./clock.js";
import type { ServerEvent } from "./events.js";
import type { Grant } from "./grant.js";
import { type PartialLimits, type ServerLimitOptions, settleLimits } from "./limits.js";
import { largestHandOut, settleTurn, type TurnOptions, type TurnSettings } from "./turn/options.js";

/** What {@link ServerOptions.authorise} is asked about. */
export interface JoinAttempt {
  readonly room: string;
  /** Proved: whoever joins holds this card's identity. */
  readonly card: Card;
  readonly token: string | undefined;
}

/** Lets someone in, perhaps within bounds, or throws. */
export type Authorise = (join: JoinAttempt) => void | Grant | undefined | Promise<void> | Promise<Grant | undefined>;

/** What a server of rooms is, whoever accepts its sockets. */
export interface RoomServerOptions {
  /** STUN servers, and TURN servers with passwords of their own, that joining clients are told of. */
  readonly iceServers?: readonly IceServer[] | undefined;
  /** TURN servers for which clients get credentials that expire, and are renewed. */
  readonly turn?: TurnOptions | undefined;
  readonly limits?: PartialLimits | undefined;
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
   * Decides who may join, and what they may then; asked again for each token that comes in mid-session. To refuse, throw a `SkeinError` with the code `not-authorised`: its text goes to the client. Anything
   * else that is thrown refuses too, without its text.
   */
  readonly authorise?: Authorise | undefined;
  /** What joins it with other servers, so that their rooms are the same ones. Default: it stands alone. */
  readonly backplane?: BackplaneOptions | undefined;
  /** Told of what happens: joins, ends, refusals. `createLog` of `@skein/server/operations` writes it down. */
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
  /**
   * How many proxies stand in front, each of which appends to `X-Forwarded-For` whom it got a request from. Default 0: the header is
   * anybody's to write, and isn't read.
   */
  readonly trustedHops?: number | undefined;
  /** The origins whose pages may connect (`https://example.org`). Default: all. What sends no origin is no page, and may. */
  readonly allowOrigins?: readonly string[] | undefined;
}

/** {@link BackplaneOptions} with their defaults. */
export interface BackplaneSettings {
  readonly backplane: Backplane;
  readonly beatMs: number;
  readonly silentMs: number;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly tls: ServerOptions["tls"];
  readonly iceServers: readonly IceServer[];
  readonly turn: TurnSettings | undefined;
  readonly limits: ServerLimitOptions;
  readonly graceMs: number;
  readonly silentGraceMs: number;
  readonly heartbeatMs: number;
  readonly joinTimeoutMs: number;
  readonly authorise: Authorise;
  readonly backplane: BackplaneSettings | undefined;
  readonly handleRequest: ServerOptions["handleRequest"];
  readonly trustedHops: number;
  readonly allowOrigins: ReadonlySet<string> | undefined;
  readonly log: (event: ServerEvent) => void;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly ed25519: Ed25519 | undefined;
}

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
    turn: options.turn === undefined ? undefined : settleTurn(options.turn),
    limits: settleLimits(options.limits),
    graceMs: options.graceMs ?? 10_000,
    silentGraceMs: options.silentGraceMs ?? 65_000,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    joinTimeoutMs: options.joinTimeoutMs ?? 10_000,
    authorise: options.authorise ?? (() => {}),
    backplane: options.backplane === undefined ? undefined : settleBackplane(options.backplane),
    handleRequest: options.handleRequest,
    trustedHops: options.trustedHops ?? 0,
    allowOrigins: options.allowOrigins === undefined ? undefined : new Set(options.allowOrigins),
    log: options.log ?? (() => {}),
    clock: options.clock ?? platformClock,
    random: options.random ?? platformRandom,
    ed25519: options.ed25519,
  };
  checkPlaces(settings);
  checkTimes(settings);
  checkIceServers(settings.iceServers);
  if (settings.turn !== undefined) checkIceServers([...settings.iceServers, ...largestHandOut(settings.turn)]);
  return settings;
}

/** What comes once in a while is lost: one beat is no sign of an end. */
const leastBeats = 2;

function settleBackplane({ backplane, beatMs = 1_000, silentMs = 5 * beatMs }: BackplaneOptions): BackplaneSettings {
  checkTime("backplane.beatMs", beatMs, 1);
  checkTime("backplane.silentMs", silentMs, leastBeats * beatMs);
  return { backplane, beatMs, silentMs };
}

function checkPlaces({ port, path, trustedHops }: Settings): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new SkeinError("bad-argument", `${port} is no port: choose one from 1 to 65535, or 0 for any that is free.`);
  }
  if (!/^\/[^?#\s]*$/.test(path)) {
    throw new SkeinError("bad-argument", `"${path}" is no path: it begins with "/" and has no "?", "#" or space.`);
  }
  if (!Number.isInteger(trustedHops) || trustedHops < 0 || trustedHops > 16) {
    throw new SkeinError(
      "bad-argument",
      `trustedHops: ${trustedHops} can't be used: give the number of proxies, 0 to 16.`,
    );
  }
}

function checkTimes({ graceMs, silentGraceMs, heartbeatMs, joinTimeoutMs }: Settings): void {
  for (const [name, value, least] of [
    ["graceMs", graceMs, 0],
    ["silentGraceMs", silentGraceMs, 0],
    ["heartbeatMs", heartbeatMs, 1],
    ["joinTimeoutMs", joinTimeoutMs, 1],
  ] as const) {
    checkTime(name, value, least);
  }
}

function checkTime(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least && value <= mostMs) return;
  throw new SkeinError(
    "bad-argument",
    `${name}: ${value} can't be used: give milliseconds from ${least} to ${mostMs}.`,
  );
}

/** What the clients couldn't read, or what would leave no room for cards, is refused here rather than by each of them. */
function checkIceServers(iceServers: readonly IceServer[]): void {
  const wrong = iceServers.flatMap(({ urls }) => urls).find((url) => iceUrlKind(url) === undefined);
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
