import { SkeinError, limits as wire } from "@skein/protocol";
import type { ClassRates } from "./core/allowance.js";
import type { ShareLimits } from "./core/shares.js";
import type { Rate } from "./core/token-bucket.js";

/**
 * What a server puts up with. Each is checked before memory is taken. The rates of {@link ClassRates} here are those of one
 * connection: for control messages 20 a second and 60 at once, 64 KiB a second and 256 KiB at once; for signals 500 a second and 5,000
 * at once, 1 MiB a second and 8 MiB at once; for what is relayed 4 MiB a second and 8 MiB at once. What is relayed faster is read
 * later: none of it is dropped.
 */
export interface ServerLimitOptions extends ClassRates {
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
  /**
   * What may wait to be sent to one connection. Beyond, forwards to it are dropped; those of the relay class beyond half of it.
   * Default 4 MiB.
   */
  readonly bufferedBytes: number;
  /** How slowly a client may read while something waits for it, in bytes a second, before it is cut. Default 256. */
  readonly slowestReadBytes: number;
  /** How long a client may be in a room and say nothing but that it is there. Default: for ever. */
  readonly idleMs: number;
  /**
   * Joins whose signatures are being looked at at the same time, of one address never more than one; others wait for their turn. Default 2.
   */
  readonly joinsAtOnce: number;
  /**
   * Connections from one address (of IPv6, one network of 64 bits): default 512 at once, 5 a second and 512 at once; together the rates of 4
   * connections. Addresses of this machine itself (loopback) are held to none of it.
   */
  readonly perAddress: ShareLimits;
  /** Rooms in which one identity is: default 1,024, and joins of it: 20 a second, 2,048 at once; together the rates of 8 connections. */
  readonly perIdentity: ShareLimits;
  /** Joins to one room: default 100 a second, 1,024 at once; together the rates of 64 connections. */
  readonly perRoom: Omit<ShareLimits, "holders">;
}

/** Each may be left out, of the shared ones each part. */
export type PartialLimits = Partial<Omit<ServerLimitOptions, "perAddress" | "perIdentity" | "perRoom">> & {
  readonly perAddress?: Partial<ShareLimits> | undefined;
  readonly perIdentity?: Partial<ShareLimits> | undefined;
  readonly perRoom?: Partial<Omit<ShareLimits, "holders">> | undefined;
};

const mebibyte = 1024 * 1024;

const perConnection: ClassRates = {
  control: { perSecond: 20, burst: 60 },
  // An announcement holds a card of 8 KiB at most.
  controlBytes: { perSecond: 64 * 1024, burst: 256 * 1024 },
  // A newcomer in a full room sends each of the others an offer and some batches of candidates.
  signals: { perSecond: 500, burst: 5_000 },
  signalBytes: { perSecond: mebibyte, burst: 8 * mebibyte },
  relayBytes: { perSecond: 4 * mebibyte, burst: 8 * mebibyte },
};

function times(rates: ClassRates, factor: number): ClassRates {
  const scale = ({ perSecond, burst }: Rate): Rate => ({ perSecond: perSecond * factor, burst: burst * factor });
  const { control, controlBytes, signals, signalBytes, relayBytes } = rates;
  return {
    control: scale(control),
    controlBytes: scale(controlBytes),
    signals: scale(signals),
    signalBytes: scale(signalBytes),
    relayBytes: scale(relayBytes),
  };
}

/**
 * With the defaults, or with what is given. A connection's rates raise those of the holders that share them: where nothing is said
 * of an address, an identity or a room, each is allowed its multiple of what a connection may.
 * @throws {SkeinError} `bad-argument`
 */
export function settleLimits(given: PartialLimits = {}): ServerLimitOptions {
  const one: ClassRates = { ...perConnection, ...given };
  const { perAddress, perIdentity, perRoom } = given;
  const limits: ServerLimitOptions = {
    packetBytes: wire.packetBytes,
    cardBytes: wire.cardBytes,
    connections: 16_384,
    rooms: 16_384,
    peersPerRoom: 256,
    peers: 32_768,
    bufferedBytes: 4 * mebibyte,
    slowestReadBytes: 256,
    idleMs: Number.POSITIVE_INFINITY,
    joinsAtOnce: 2,
    ...perConnection,
    ...given,
    perAddress: { ...times(one, 4), arrivals: { perSecond: 5, burst: 512 }, holders: 512, ...perAddress },
    perIdentity: { ...times(one, 8), arrivals: { perSecond: 20, burst: 2_048 }, holders: 1_024, ...perIdentity },
    perRoom: { ...times(one, 64), arrivals: { perSecond: 100, burst: 1_024 }, ...perRoom },
  };
  checkCounts(limits);
  checkRates("limits", limits);
  for (const name of ["perAddress", "perIdentity", "perRoom"] as const) {
    checkRates(`limits.${name}`, limits[name]);
    checkRate(`limits.${name}.arrivals`, limits[name].arrivals);
  }
  return limits;
}

/** A join holds a card and a token of 8 KiB each; its answer a card and the ICE servers. */
const leastPacketBytes = 32 * 1024;

function checkCounts(limits: ServerLimitOptions): void {
  check("limits.packetBytes", limits.packetBytes, leastPacketBytes, wire.packetBytes);
  check("limits.cardBytes", limits.cardBytes, 1, wire.cardBytes);
  check("limits.connections", limits.connections, 1);
  check("limits.rooms", limits.rooms, 1);
  check("limits.peersPerRoom", limits.peersPerRoom, 1);
  check("limits.peers", limits.peers, 1);
  check("limits.bufferedBytes", limits.bufferedBytes, limits.packetBytes);
  check("limits.slowestReadBytes", limits.slowestReadBytes, 0);
  check("limits.idleMs", limits.idleMs, 1);
  check("limits.joinsAtOnce", limits.joinsAtOnce, 1);
  check("limits.perAddress.holders", limits.perAddress.holders, 1);
  check("limits.perIdentity.holders", limits.perIdentity.holders, 1);
}

function checkRates(where: string, rates: ClassRates): void {
  for (const name of ["control", "controlBytes", "signals", "signalBytes", "relayBytes"] as const) {
    checkRate(`${where}.${name}`, rates[name]);
  }
}

function checkRate(name: string, { perSecond, burst }: Rate): void {
  check(`${name}.perSecond`, perSecond, 0.001);
  check(`${name}.burst`, burst, 1);
}

/** Infinity is a limit too: none. */
function check(name: string, value: number, least: number, most = Number.POSITIVE_INFINITY): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `from ${least} to ${most}`;
  throw new SkeinError("bad-argument", `${name}: ${value} can't be used: give a number, ${range}.`);
}
