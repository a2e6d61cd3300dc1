import type { PartialLimits } from "@skein/server";
import type { ServeOptions } from "./options.js";

/** The limits that were told; the others are the server's own. */
export function limitsOf(options: ServeOptions): PartialLimits {
  const { relayRate, maxConnections, maxRooms, maxPeers, maxRoomPeers, idle } = options;
  const told = {
    // As with the server's own, two seconds' worth may come at once.
    relayBytes: relayRate === undefined ? undefined : { perSecond: relayRate, burst: 2 * relayRate },
    connections: maxConnections,
    rooms: maxRooms,
    peers: maxPeers,
    peersPerRoom: maxRoomPeers,
    idleMs: idle === undefined ? undefined : idle * 1_000,
    perAddress: perAddressOf(options),
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as PartialLimits;
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
    arrivals: { perSecond: rate ?? 20, burst },
  };
}
