import { type ErrorCode, encodeControl, type SignedCard } from "@skein/protocol";

/** An `error` for a client, as a packet. */
export function errorPacket(code: ErrorCode, message: string, fatal: boolean, retryAfterMs?: number): Uint8Array {
  const retryAfter = retryAfterMs === undefined ? {} : { retryAfter: Math.max(0, Math.ceil(retryAfterMs)) };
  return encodeControl({ t: "error", code, message: clip(message), fatal, ...retryAfter });
}

/** An error's text as the wire takes it: not too long, and without the half of a pair that the cut may leave. */
function clip(text: string): string {
  return text.slice(0, 512).replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Of its own, since what was read lies in a larger buffer: a card is kept for as long as its peer. */
export function copyOf({ b, s }: SignedCard): SignedCard {
  return { b: Uint8Array.from(b), s: Uint8Array.from(s) };
}
