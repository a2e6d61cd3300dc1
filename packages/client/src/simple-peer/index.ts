/**
 * Rooms and paths over simple-peers that the app has.
 * @module @skein/client/simple-peer
 */

import { type PeerId, SkeinError } from "@skein/protocol";
import type { PathProvider } from "../room/path-provider.js";
import type { Signaling } from "../signaling/signaling.js";
import { Carrier } from "./carrier.js";
import { pairSignaling } from "./pair-signaling.js";
import { SimplePeerPath } from "./path.js";
import { checkSimplePeer, type SimplePeer } from "./simple-peer.js";

export type { SimplePeer, SimplePeerEvent } from "./simple-peer.js";

/** What {@link simplePeer} gives: spread it into the options of `joinRoom`. */
export interface SimplePeerPair {
  readonly signaling: Signaling;
  readonly paths: readonly PathProvider[];
  /**
   * Another simple-peer to the same other side takes the place; both sides do so. The link goes on from where it was, where that is
   * within a minute.
   * @throws {SkeinError} `bad-argument`
   */
  replace(peer: SimplePeer): void;
}

/**
 * A room of two over a simple-peer that the app has: signalling and frames both go over it, and there is no server. It stays the
 * app's: leaving the room doesn't destroy it.
 *
 * @throws {SkeinError} `bad-argument`
 * @example
 * const room = await joinRoom({ room: "us two", protocols: [chat], ...simplePeer(peer) });
 */
export function simplePeer(peer: SimplePeer): SimplePeerPair {
  checkSimplePeer(peer);
  const carrier = new Carrier(peer);
  return {
    signaling: pairSignaling(carrier),
    paths: [{ kind: "direct", replacesDirect: true, attach: (world) => new SimplePeerPath(world, carrier) }],
    replace: (next) => carrier.replace(next),
  };
}

/** What {@link simplePeerPath} gives: an element of `joinRoom`'s `paths`. */
export interface SimplePeerPaths extends PathProvider {
  /**
   * Another simple-peer to a peer takes the place of the one that `peerOf` gave; both sides do so.
   * @throws {SkeinError} `bad-argument`; `no-such-peer` where that peer isn't in the room, or `peerOf` gave none for it
   */
  replace(id: PeerId, peer: SimplePeer): void;
}

/**
 * In a room with a server: the direct path to the peers that the app has a simple-peer to. To the others the room makes its own. Both
 * sides of a simple-peer must use it so. Make one for each room.
 *
 * @param peerOf asked once for each peer, as it comes into the room
 * @example
 * const room = await joinRoom({ server, room: "lab", paths: [simplePeerPath((id) => connected.get(id))] });
 */
export function simplePeerPath(peerOf: (id: PeerId) => SimplePeer | undefined): SimplePeerPaths {
  const carriers = new Map<PeerId, Carrier>();
  return {
    kind: "direct",
    replacesDirect: true,
    attach(world) {
      const { id } = world.peer;
      const peer = peerOf(id);
      if (peer === undefined) return undefined;
      const carrier = new Carrier(peer);
      carriers.set(id, carrier);
      return new SimplePeerPath(world, carrier, () => carriers.get(id) === carrier && carriers.delete(id));
    },
    replace(id, peer) {
      const carrier = carriers.get(id);
      if (carrier === undefined) throw new SkeinError("no-such-peer", `No simple-peer to peer ${id} is in use here.`);
      carrier.replace(peer);
    },
  };
}
