import { SkeinError } from "@skein/protocol";

/**
 * What is used of a simple-peer, as its package (9.x) has it. While it is in use nothing else may send on it or listen for its
 * `data`, and an `error` of it is the end of the path, not of the process.
 */
export interface SimplePeer {
  /** Whether its channel is open. */
  readonly connected: boolean;
  readonly destroyed: boolean;
  /** What its channel has to send yet, in bytes. */
  readonly bufferSize: number;
  /** Sends one message over the data channel. */
  send(chunk: Uint8Array): void;
  /** As `send`. Calls back when the channel's buffer has run low. */
  write(chunk: Uint8Array, callback: () => void): boolean;
  /** Listens for an event. */
  on(event: SimplePeerEvent, listener: (chunk: Uint8Array) => void): unknown;
  /** Listens no more. */
  removeListener(event: SimplePeerEvent, listener: (chunk: Uint8Array) => void): unknown;
}

/** The events of a simple-peer that are listened for. */
export type SimplePeerEvent = "connect" | "data" | "close" | "error";

/** @throws {SkeinError} `bad-argument` where it isn't one, or is of no more use */
export function checkSimplePeer(peer: SimplePeer): void {
  if (typeof peer?.send !== "function" || typeof peer.write !== "function" || typeof peer.on !== "function") {
    throw new SkeinError("bad-argument", "This isn't a simple-peer: pass an instance of the package simple-peer.");
  }
  if (peer.destroyed) throw new SkeinError("bad-argument", "This simple-peer was destroyed: connect another one.");
}
