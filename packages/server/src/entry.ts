import type { ErrorCode, PeerId } from "@skein/protocol";
import type { Refusal } from "./admission.js";
import { type Commons, comeBackMs, turned } from "./commons.js";
import type { Share } from "./core/shares.js";

/** What is asked before a proved identity takes a place. */
export interface EntryWorld {
  readonly commons: Commons;
  readonly hub: { holds(room: string, peer: PeerId): boolean };
  /** How long this peer is kept out, if it is. Milliseconds. */
  readonly barredMs: (peer: PeerId) => number;
}

export interface Entry {
  readonly room: string;
  readonly peer: PeerId;
  /** Who it is to the application. */
  readonly subject: string;
}

/** Whether the identity and the room have room for one more join; if so, this one is counted, and these are to be held. */
export function enter(
  { room, peer, subject }: Entry,
  { commons, hub, barredMs }: EntryWorld,
  nowMs: number,
): readonly Share[] | Refusal {
  const outMs = barredMs(peer);
  if (outMs > 0) return refusal("not-authorised", "The server's operator keeps this peer out for now.", outMs);
  const shares = [commons.identity(subject), commons.room(room)];
  for (const share of shares) {
    const answer = turned(share.arrive(nowMs));
    if (answer === undefined) continue;
    // Whoever comes back to its place takes no more room than it had.
    if (answer.why === "too-many" && hub.holds(room, peer)) continue;
    if (answer.why === "too-many") return full("This identity is in too many rooms: leave one of them.");
    return refusal("rate-limited", "Too many joins in a short time: try again later.", answer.retryAfterMs);
  }
  return shares;
}

export function full(message: string): Refusal {
  return refusal("room-full", message, comeBackMs);
}

function refusal(code: ErrorCode, message: string, retryAfterMs: number): Refusal {
  const drop = code === "rate-limited" ? "rate-limited" : "refused";
  return { admitted: false, code, message, drop, retryAfterMs };
}
