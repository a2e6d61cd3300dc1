import type { Decoded, Rejected } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { PathKind } from "../core/path-chooser.js";
import type { FrameSink } from "../link/frame-writer.js";
import type { Peer } from "./peer.js";

/**
 * Another way for frames than the room's own direct path: an element of `joinRoom`'s `paths`. It is asked for a path to each
 * peer; the link decides which of its paths carry.
 */
export interface PathProvider {
  readonly kind: PathKind;
  /** It stands in for the direct path, which isn't tried where this one is there. */
  readonly replacesDirect: boolean;
  /** A peer is there. Undefined where there is no such path to it. */
  attach(world: PathWorld): AttachedPath | undefined;
}

/** What a provider has of one peer. */
export interface PathWorld {
  readonly peer: Peer;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly roll: () => number;
  /** A channel to the peer is there: the link greets over it. The one that was opened before is over. */
  open(sink: FrameSink): OpenPath;
  /** Seals a body for the peer and has the server carry it; false where there is no connection to a server now. */
  forward(body: Uint8Array): boolean;
  /** Seals a body for the peer, to go over a channel of the provider's own. */
  seal(body: Uint8Array): Uint8Array;
  /** Opens what came over such a channel: the body, where the peer sealed it for us, and it wasn't opened before. */
  unseal(envelope: Uint8Array): Decoded<Uint8Array>;
  /** Tells the app what relaying has cost. */
  used(usage: RelayUsage): void;
  /** Bytes of the peer's were turned away. */
  rejected(rejection: Rejected): void;
}

/** A path that was opened, as its provider sees it. */
export interface OpenPath {
  /** A frame came in. */
  receive(frame: Uint8Array): void;
  /** The sink has room again. */
  resume(): void;
  /** The channel is gone. */
  lose(reason: string): void;
}

/** A provider's path to one peer. */
export interface AttachedPath {
  /** What became of the direct path. */
  direct(news: DirectNews): void;
  /** A body came from the peer through the server; it is genuine. Only for paths of the kind `relay`. */
  receive(body: Uint8Array): void;
  /** Something that we forwarded to the peer wasn't delivered. */
  undeliverable(reason: string): void;
  /** The server can't be reached, or can again, or the peer came back to it. */
  server(news: "away" | "back"): void;
  /** The link gave up the path that was opened, or lost it. */
  lost(reason: string): void;
  /** The peer is gone. */
  close(): void;
}

/**
 * `trying`: there is none yet · `failed`: an attempt did, and another is on the way · `trusted`: it answers · `suspect`: it
 * should have answered · `down`: it is lost.
 */
export type DirectNews = "trying" | "failed" | "trusted" | "suspect" | "down";

/** What went through the server, sealed, for all peers of the room together, when it passed a threshold. */
export interface RelayUsage {
  readonly bytes: number;
  /** Over the last 10 s. */
  readonly bytesPerSecond: number;
  readonly thresholdBytes: number;
}
