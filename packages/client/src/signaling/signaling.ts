import type { ForwardClass, IceServer, Identity, PeerId, Rejected, SignedCard, SkeinError } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { NetworkWatch } from "../network/network-watch.js";

/** What a room tells its signalling when it joins. */
export interface SignalingJoin {
  readonly room: string;
  readonly identity: Identity;
  /** Our card as it is now: a connection that comes back shows the newest. */
  readonly card: () => SignedCard;
  /** Gives the token for a server that wants one. Called at each connection. */
  readonly token?: (() => string | Promise<string>) | undefined;
  readonly clock: Clock;
  /** Says when to ask whether the connection still is one. */
  readonly network: NetworkWatch;
  /** From 0 to 1, for jitter. */
  readonly roll: () => number;
  /** Ends the first attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** What signalling tells its room. Cards are unchecked: the room verifies them. */
export interface SignalingEvents {
  /** We are in the room, and these are all others. Comes again after each lost connection. */
  roster(cards: readonly SignedCard[], iceServers: readonly IceServer[]): void;
  /** ICE servers that take the place of those that came with the roster: the credentials of those would be over soon. */
  iceServers(iceServers: readonly IceServer[]): void;
  /** A peer came, or has a newer card. */
  card(card: SignedCard): void;
  /** A peer lost its connection to the server; it may be back. */
  away(id: PeerId): void;
  /**
   * A peer is gone: `left` of its own will, `replaced` by a later join of its identity, `vanished` with its process; or
   * `lost` to the signalling only, in which case a link that still answers keeps it.
   */
  left(id: PeerId, reason: string): void;
  /** An envelope came, sealed by that peer for us. */
  envelope(from: PeerId, kind: ForwardClass, envelope: Uint8Array): void;
  /** A forward of ours went nowhere; some servers don't say of which class. */
  undeliverable(to: PeerId, reason: string, kind: ForwardClass | undefined): void;
  /** The connection to the server is lost, and is being made again. Links don't depend on it. */
  disconnected(reason: string): void;
  /** The server complained about something we sent. */
  complaint(error: SkeinError): void;
  /** Over for good: replaced, refused. */
  ended(error: SkeinError): void;
  /** What the server sent was turned away. */
  rejected(rejection: Rejected): void;
}

/** A place in a room. */
export interface SignalingSession {
  /** Where the place is, for people. */
  readonly address: string;
  /** Carries an envelope; false where there is no connection to carry it now. */
  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean;
  /** Shows all others a newer card of ours. */
  announce(card: SignedCard): void;
  /** Gives the place up. */
  leave(): Promise<void>;
}

/**
 * How peers of a room find each other and pass envelopes before they have a path: a server over a WebSocket, the tabs of
 * one browser, or memory.
 */
export interface Signaling {
  /**
   * Takes a place in the room, and keeps it until it is left.
   * @throws {SkeinError} `server-unreachable`, `not-authorised`, `room-full`, `aborted`, …
   */
  join(join: SignalingJoin, events: SignalingEvents): Promise<SignalingSession>;
}
