import { type ErrorCode, encodeControl } from "@skein/protocol";

/** An `error` for a client, as a packet. */
export function errorPacket(code: ErrorCode, message: string, fatal: boolean, retryAfterMs?: number): Uint8Array {
  const retryAfter = retryAfterMs === undefined ? {} : { retryAfter: Math.max(0, Math.ceil(retryAfterMs)) };
  return encodeControl({ t: "error", code, message: clip(message), fatal, ...retryAfter });
}

/** An error's text as the wire takes it: not too long, and without the half of a pair that the cut may leave. */
function clip(text: string): string {
  return text.slice(0, 512).replace(/\p{Surrogate}/gu, "\ufffd");
}
