/** A client's WebSocket, as the package `ws` has it. */
export interface ClientSocket {
  /** 1 while it is open (WHATWG WebSockets §3.1). */
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(packet: Uint8Array): void;
  ping(): void;
  pong(data: Uint8Array): void;
  /** Stops reading; what is already read may still come. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  /** Ends it without the other side's word. */
  terminate(): void;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: "ping", listener: (data: Buffer) => void): unknown;
  on(event: "pong", listener: () => void): unknown;
  on(event: "error", listener: (error: Error & { readonly code?: string }) => void): unknown;
  on(event: "close", listener: (code: number) => void): unknown;
}

/** `readyState` of a socket that is open. */
export const openState = 1;

/** What carries a client's WebSocket: a stream whose writes can be held back for a moment. */
export interface Corkable {
  /**
   * Writes bytes as they are, behind what the WebSocket has written. Where it is missing, forwards go through the WebSocket: leave it out
   * where an extension such as compression is agreed on.
   */
  write?(bytes: Uint8Array): unknown;
  cork(): void;
  uncork(): void;
}
