import type { RoomStats } from "@skein/client";
import { rounded } from "./room-events.js";

/** A room's statistics as lines of JSON tell of them: what there isn't is null. */
export function statsJson({ perPeer, events, ...whole }: RoomStats): Record<string, unknown> {
  return {
    ...whole,
    perPeer: perPeer.map(({ name, path, candidates, rttMs, openMs, ...peer }) => ({
      ...peer,
      name: name ?? null,
      path: path ?? null,
      candidates: candidates ?? null,
      rttMs: rounded(rttMs),
      openMs: rounded(openMs),
    })),
    events: events.map(({ peer, reason, ...event }) => ({ ...event, peer: peer ?? null, reason: reason ?? null })),
  };
}
