import { encodeControl, type IceServer, limits, type SignedCard } from "@skein/protocol";

/** What surrounds a card's bytes and its signature in a list: the map, its two keys, three headers. */
const cardOverheadBytes = 64 + 16;

/** A list of up to 65,535 has a header of three bytes; the one of an empty list is counted already. */
const listHeaderBytes = 2;

/**
 * The answer to a join: the room's cards, in as many packets as they need. The last is `joined`, those before it `peers`.
 * None is larger than `packetBytes`, given that one card fits beside the ICE servers.
 */
export function encodeRoster(
  room: string,
  cards: readonly SignedCard[],
  ice: readonly IceServer[],
  packetBytes: number,
): Uint8Array[] {
  const joined = (peers: readonly SignedCard[]) =>
    encodeControl({ t: "joined", room, peers: [...peers], ice: [...ice] });
  // `joined` is the larger of the two, so what fits into it fits into `peers`.
  const batches = cut(cards, packetBytes - joined([]).length - listHeaderBytes);
  const last = batches.pop() ?? [];
  return [...batches.map((peers) => encodeControl({ t: "peers", peers })), joined(last)];
}

function cut(cards: readonly SignedCard[], roomBytes: number): SignedCard[][] {
  const batches: SignedCard[][] = [];
  let batch: SignedCard[] = [];
  let freeBytes = roomBytes;
  for (const card of cards) {
    const bytes = card.b.length + cardOverheadBytes;
    if (batch.length > 0 && (bytes > freeBytes || batch.length === limits.roomPeers)) {
      batches.push(batch);
      batch = [];
      freeBytes = roomBytes;
    }
    batch.push(card);
    freeBytes -= bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
