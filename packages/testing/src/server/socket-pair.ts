import type { StreamEnd } from "../network/stream.js";

/** What a WebSocket's two ends say to each other over a stream, as far as we need it (RFC 6455). */
export type SocketFrame =
  | { readonly kind: "message"; readonly data: Uint8Array }
  | { readonly kind: "text" }
  | { readonly kind: "ping" | "pong"; readonly data: Uint8Array }
  | { readonly kind: "close"; readonly code: number };

/** RFC 6455 §5.2: a header, and a mask. */
const headerBytes = 8;
/** RFC 6455 §7.4.1: a connection that ended without a word. */
export const abnormalClosure = 1006;
export const normalClosure = 1000;

export function sendFrame(stream: StreamEnd, frame: SocketFrame): void {
  stream.send(frame, headerBytes + ("data" in frame ? frame.data.length : 2));
}
