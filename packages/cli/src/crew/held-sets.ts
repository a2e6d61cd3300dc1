import type { PeerId } from "@skein/client";
import type { Presence, PresentPeer } from "@skein/coordination";
import * as v from "valibot";
import { crewMeta, type HeldSet, holds } from "./protocol.js";

/** What a peer says that it holds. */
export function setsOfPeer({ meta, capabilities }: Pick<PresentPeer, "meta" | "capabilities">): readonly HeldSet[] {
  const { success, output } = v.safeParse(crewMeta, meta);
  return success ? output.sets.filter(({ set }) => capabilities.includes(holds(set))) : [];
}

/** All sets that others hold, each with its holders. */
export function setsOf(presence: Presence): Map<string, { readonly revision: number; readonly holders: PeerId[] }> {
  const sets = new Map<string, { readonly revision: number; readonly holders: PeerId[] }>();
  for (const peer of presence.peers) {
    for (const { set, revision } of setsOfPeer(peer)) {
      const known = sets.get(set);
      if (known === undefined) sets.set(set, { revision, holders: [peer.id] });
      else known.holders.push(peer.id);
    }
  }
  return sets;
}
