import type { PeerId, Room } from "@skein/client";

/** So many of those who have left are still known by name. */
const rememberedMost = 256;

/** Names members as they name themselves, also those who have left; by the beginning of their id where they have no name. */
export function namesOf(room: Room): (id: PeerId) => string {
  const names = new Map<PeerId, string>();
  const learn = ({
    id,
    card,
  }: {
    readonly id: PeerId;
    readonly card: { readonly name?: string | undefined };
  }): void => {
    if (card.name === undefined) return;
    names.delete(id);
    names.set(id, card.name);
    const [oldest] = names.keys();
    if (names.size > rememberedMost && oldest !== undefined) names.delete(oldest);
  };
  for (const peer of room.peers.values()) learn(peer);
  room.on("peer-joined", learn);
  room.on("peer-updated", learn);
  return (id) => (id === room.id ? room.card.name : (room.peers.get(id)?.card.name ?? names.get(id))) ?? id.slice(0, 8);
}
