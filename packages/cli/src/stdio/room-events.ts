import type { Peer, Room } from "@skein/client";
import type { EventWriter } from "./event-writer.js";
import { toJson } from "./plain-json.js";

/** A peer as lines of JSON tell of it. */
export function peerJson(peer: Peer): Record<string, unknown> {
  const { id, card, state, path, rttMs, openMs, traffic } = peer;
  return {
    id,
    ...(card.name === undefined ? {} : { name: card.name }),
    engine: card.kind ?? null,
    state,
    path: path ?? null,
    rttMs: rounded(rttMs),
    openMs: rounded(openMs),
    capabilities: card.caps,
    protocols: card.protocols,
    ...(card.meta === undefined ? {} : { meta: toJson(card.meta) }),
    traffic,
  };
}

/** Milliseconds to three places; null where there are none yet. */
export function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1000) / 1000;
}

/** Writes what happens in a room, as it happens. */
export function writeRoomEvents(room: Room, output: EventWriter): void {
  for (const name of ["peer-joined", "peer-connected", "peer-updated"] as const) {
    room.on(name, (peer) => output.write({ event: name, peer: peerJson(peer) }));
  }
  for (const name of ["peer-disconnected", "peer-left"] as const) {
    room.on(name, ({ peer, reason }) => output.write({ event: name, peer: { id: peer.id, ...nameOf(peer) }, reason }));
  }
  room.on("path-changed", ({ peer, reason }) => {
    output.write({ event: "path-changed", peer: { id: peer.id, ...nameOf(peer) }, path: peer.path ?? null, reason });
  });
  room.on("server-connected", () => output.write({ event: "server-connected" }));
  room.on("server-disconnected", ({ reason }) => output.write({ event: "server-disconnected", reason }));
  room.on("rejected", ({ code, reason, from }) => output.write({ event: "rejected", code, reason, from }));
  room.on("trouble", ({ code, message }) => output.write({ event: "trouble", code, message }));
}

function nameOf(peer: Peer): { name?: string } {
  return peer.card.name === undefined ? {} : { name: peer.card.name };
}
