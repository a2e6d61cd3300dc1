/** A client's WebSocket, as the package `ws` has it. */
export interface ClientSocket {
  /** 1 while it is open (WHATWG WebSockets §3.1). */
  readonly readyState: number;
  readonly bufferedAmount: number;
  /** Sends one binary message. */
  send(packet: Uint8Array): void;
  /** Asks whether the client is there. */
  ping(): void;
  /** Answers a ping, with its data. */
  pong(data: Uint8Array): void;
  /** Stops reading; what is already read may still come. */
  pause(): void;
  /** Goes on reading. */
  resume(): void;
  /** Begins the closing handshake. */
  close(code: number, reason: string): void;
  /** Ends it without the other side's word. */
  terminate(): void;
  /** Listens for a message. */
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  /** Listens for pings, which are answered by whoever listens. */
  on(event: "ping", listener: (data: Buffer) => void): unknown;
  /** Listens for answers to ours. */
  on(event: "pong", listener: () => void): unknown;
  /** Listens for what goes wrong; `close` follows. */
  on(event: "error", listener: (error: Error & { readonly code?: string }) => void): unknown;
  /** Listens for its end. */
  on(event: "close", listener: (code: number) => void): unknown;
}

/** `readyState` of a socket that is open. */
export const openState = 1;

/** What carries a client's WebSocket: a stream whose writes can be held back for a moment, and that can be read in portions. */
export interface Corkable {
  /** How many bytes came that nobody has read yet. */
  readonly readableLength?: number;
  /**
   * Reads as many of them while the WebSocket is paused, and hands them to it. Where it is missing, all that came is read together.
   */
  read?(bytes: number): unknown;
  /**
   * Writes bytes as they are, behind what the WebSocket has written. Where it is missing, forwards go through the WebSocket: leave it out
   * where an extension such as compression is agreed on.
   */
  write?(bytes: Uint8Array): unknown;
  /** Holds writes back, until as many calls of `uncork`. */
  cork(): void;
  /** Writes what was held back, in one go. */
  uncork(): void;
}
