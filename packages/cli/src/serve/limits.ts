import type { PartialLimits } from "@skein/server";
import type { ServeOptions } from "./options.js";

/** The limits that were told; the others are the server's own. */
export function limitsOf(options: ServeOptions): PartialLimits {
  const { relayRate, signalRate, controlRate, maxConnections, maxRooms, maxPeers, maxRoomPeers, maxBuffered, idle } =
    options;
  const told = {
    // As with the server's own, so many seconds' worth may come at once.
    relayBytes: rateOf(relayRate, 2),
    signals: rateOf(signalRate, 10),
    control: rateOf(controlRate, 3),
    bufferedBytes: maxBuffered,
    connections: maxConnections,
    rooms: maxRooms,
    peers: maxPeers,
    peersPerRoom: maxRoomPeers,
    idleMs: idle === undefined ? undefined : idle * 1_000,
    perAddress: perAddressOf(options),
    perIdentity: perIdentityOf(options),
    perRoom: options.maxRoomRate === undefined ? undefined : { arrivals: rateOf(options.maxRoomRate, 10) },
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as PartialLimits;
}

function rateOf(perSecond: number | undefined, seconds: number) {
  return perSecond === undefined ? undefined : { perSecond, burst: seconds * perSecond };
}

function perAddressOf({
  maxAddressConnections: holders,
  maxAddressRate: rate,
}: ServeOptions): PartialLimits["perAddress"] {
  if (holders === undefined && rate === undefined) return undefined;
  // Whoever has so many connections may make them all at once, as after a restart.
  const burst = Math.max(holders ?? 512, 10 * (rate ?? 0));
  return {
    ...(holders === undefined ? {} : { holders }),
    arrivals: { perSecond: rate ?? 5, burst },
  };
}

function perIdentityOf({
  maxIdentityRooms: holders,
  maxIdentityRate: rate,
}: ServeOptions): PartialLimits["perIdentity"] {
  if (holders === undefined && rate === undefined) return undefined;
  // Whoever is in so many rooms may come back to all of them at once, twice.
  const burst = Math.max(2 * (holders ?? 1_024), 10 * (rate ?? 0));
  return {
    ...(holders === undefined ? {} : { holders }),
    arrivals: { perSecond: rate ?? 20, burst },
  };
}
