import type { PeerId, RejectionCode } from "@skein/protocol";
import type { Dated } from "../core/recent.js";
import type { CandidatePair } from "../direct/connection.js";
import type { LinkTraffic } from "../link/traffic.js";
import type { Peer } from "./peer.js";
import type { RoomEvents } from "./room-events.js";

/**
 * How a room is, and what went through it: plain data, fit for JSON. Traffic is counted in bytes of frames and in messages, those
 * of peers that left with it; it never shrinks.
 */
export interface RoomStats extends LinkTraffic {
  /** How many others are in the room. */
  readonly peers: number;
  /** To how many of them messages go. */
  readonly connected: number;
  /** The traffic of all links a second, over the last 10 s. */
  readonly rates: LinkTraffic;
  /** Remote bytes that were turned away, by reason. */
  readonly rejected: Readonly<Partial<Record<RejectionCode, number>>>;
  /** Whether there is a connection to the server now. */
  readonly server: "connected" | "disconnected";
  readonly perPeer: readonly PeerStats[];
  /** The last 50 events of the room, the oldest first. No contents, addresses or secrets are among them. */
  readonly events: readonly RoomHappening[];
}

/** How one of a room's peers is, and what went to it and came from it. */
export interface PeerStats {
  readonly id: PeerId;
  /** Its name for people, where its card has one. Its own choice: others may have the same. */
  readonly name: string | undefined;
  readonly state: Peer["state"];
  /** Since when it is in that state, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** What carries its frames now; undefined where nothing does. */
  readonly path: Peer["path"];
  /** Between which kinds of candidates its direct path runs: as it was when that began to answer, or did so again. */
  readonly candidates: CandidatePair | undefined;
  /** The smoothed round trip of the link, in milliseconds. */
  readonly rttMs: number | undefined;
  /** How long the first link took, from seeing the peer to messages going, in milliseconds. */
  readonly openMs: number | undefined;
  /** What went through its links, in bytes of frames and in messages. */
  readonly traffic: LinkTraffic;
  /** The same a second, over the last 10 s. */
  readonly rates: LinkTraffic;
}

/** Something that happened in a room: an event of the same name, kept as plain data. */
export interface RoomHappening extends Dated {
  readonly event: Exclude<keyof RoomEvents, "stats">;
  /** Whom it was about, where it was about one peer. */
  readonly peer: PeerId | undefined;
  /** Why, for people; of `trouble`, `rejected` and `closed` the code. A reason may hold words of the peer's: clean it before a terminal shows it. */
  readonly reason: string | undefined;
}
