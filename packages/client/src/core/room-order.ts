import { concatBytes, digestOf, utf8 } from "@skein/protocol";

const label = utf8("skein/1 server\0");

/**
 * Servers in the order that a room has of its own, by rendezvous hashing: each has a weight that depends on it and on the room alone, and the
 * heaviest is the first (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking
 * 6(1), 1998). `docs/spec/server.md`, "Several servers".
 *
 * Invariants:
 * 1. The order in which the servers come changes nothing.
 * 2. A server more or less leaves the others in their order: so it takes, or leaves behind, its own share of all rooms.
 *
 * @param placeOf where a server is, as everyone names it: those of the same place stay in the order in which they came.
 */
export function inRoomOrder<Server>(
  room: string,
  servers: readonly Server[],
  placeOf: (server: Server) => string,
): readonly Server[] {
  // Of a fixed length, so that no room and place together read as another room and place.
  const roomHash = digestOf(utf8(room));
  const weighed = servers.map((server) => {
    const weight = digestOf(concatBytes(label, roomHash, utf8(placeOf(server))));
    return { server, weight: String.fromCharCode(...weight) };
  });
  return weighed.sort(byWeight).map(({ server }) => server);
}

/** The heaviest first. Characters below 256 compare as bytes do. */
function byWeight({ weight: a }: { weight: string }, { weight: b }: { weight: string }): number {
  return a === b ? 0 : a < b ? 1 : -1;
}
