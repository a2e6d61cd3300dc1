/** What matters of a TURN server for whom it is given to. */
export interface TurnCandidate {
  readonly urls: readonly string[];
  /** How large a part of the clients it gets, held against the others. Above 0. */
  readonly weight: number;
  readonly region: string | undefined;
}

/**
 * The TURN servers that one client is told of: those of its region before all others, as many as there may be.
 *
 * Invariants:
 * 1. The same client gets the same servers each time, so that what is renewed is of the servers it uses. A server that comes or goes
 *    moves only the clients that get it, or had it (rendezvous hashing).
 * 2. Of many clients, each server of a region is the first of so many as its weight says.
 */
export function chooseTurnServers<Server extends TurnCandidate>(
  servers: readonly Server[],
  client: string,
  region: string | undefined,
  most: number,
): Server[] {
  const scored = servers.map((server) => ({ server, score: score(server, client) }));
  const isNear = ({ server }: { server: Server }) => region !== undefined && server.region === region;
  scored.sort((a, b) => Number(isNear(b)) - Number(isNear(a)) || b.score - a.score);
  return scored.slice(0, most).map(({ server }) => server);
}

/** The highest of all is each server's with a probability of its part of the weights. */
function score({ urls, weight }: TurnCandidate, client: string): number {
  // Above 0 and below 1, neither included.
  const part = (hash(`${client} ${urls[0]}`) + 0.5) / 2 ** 32;
  return -weight / Math.log(part);
}

/** FNV-1a with the last steps of MurmurHash3, which spread what FNV leaves close together. Nobody is kept out by it. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
