import type { PeerId, RejectionCode, SkeinError } from "@skein/protocol";
import type { RelayUsage } from "./path-provider.js";
import type { Peer } from "./peer.js";
import type { Room } from "./room.js";
import type { RoomStats } from "./room-stats.js";

/** What a room tells. Names are in the past: each says that something has happened. */
export type RoomEvents = {
  /** A peer is in the room. Its link is on the way. */
  "peer-joined": Peer;
  /** Messages go to it, and come from it. */
  "peer-connected": Peer;
  /** Its link is lost: for now, where another is on the way, or for good, before `peer-left`. The reason says how many messages of ours weren't acknowledged. */
  "peer-disconnected": { readonly peer: Peer; readonly reason: string };
  /** Its frames travel another way now, or no way at the moment (`peer.path` is undefined). Messages wait, and none is lost. */
  "path-changed": { readonly peer: Peer; readonly reason: string };
  /** It changed its card. */
  "peer-updated": Peer;
  "peer-left": { readonly peer: Peer; readonly reason: string };
  /** The connection to the server is back (or there for the first time). */
  "server-connected": undefined;
  /** The connection to the server is lost, and is being made again. Links live on. */
  "server-disconnected": { readonly reason: string };
  /** What was relayed passed a threshold: it costs whoever runs the server. */
  "relay-usage": RelayUsage;
  /**
   * Something went wrong that no call reports: a handler threw, nobody handles a message, the server complains, a listener's promise failed
   * by another's doing.
   */
  trouble: SkeinError;
  /** Remote bytes were turned away. Counted in {@link Room.stats} too. */
  rejected: { readonly code: RejectionCode; readonly reason: string; readonly from: PeerId | "server" };
  /** How things are, each second. Put together only while somebody listens. */
  stats: RoomStats;
  /** The room is over: with an error where it wasn't our wish. */
  closed: SkeinError | undefined;
};
