import {
  decodePacket,
  decodeServerMessage,
  isErrorCode,
  peerIdOf,
  type ServerMessage,
  SkeinError,
} from "@skein/protocol";
import type { SignalingEvents } from "./signaling.js";

/** The messages that are about the connection itself. */
export type JoiningMessage = Extract<
  ServerMessage,
  { t: "challenge" | "peers" | "joined" | "expiring" | "draining" | "error" | "pong" }
>;

/** Reads what came down from a server, tells the room's part to the room, and gives back what is about the connection. */
export function dispatchPacket(packet: Uint8Array, events: SignalingEvents): JoiningMessage | undefined {
  const decoded = decodePacket(packet);
  if (!decoded.ok) {
    events.rejected(decoded);
    return undefined;
  }
  if (decoded.value.kind === "forward") {
    events.envelope(decoded.value.peer, decoded.value.class, decoded.value.envelope);
    return undefined;
  }
  const message = decodeServerMessage(decoded.value.body);
  if (!message.ok) {
    events.rejected(message);
    return undefined;
  }
  return dispatchMessage(message.value, events);
}

function dispatchMessage(message: ServerMessage, events: SignalingEvents): JoiningMessage | undefined {
  switch (message.t) {
    case "ice":
      events.iceServers(message.ice);
      return undefined;
    case "peer-joined":
    case "peer-updated":
      events.card(message.card);
      return undefined;
    case "peer-away":
      events.away(peerIdOf(message.id));
      return undefined;
    case "peer-left":
      events.left(peerIdOf(message.id), message.reason);
      return undefined;
    case "undeliverable":
      events.undeliverable(peerIdOf(message.to), message.reason, message.class);
      return undefined;
    default:
      return message;
  }
}

/** What a server's error message says, as an error. */
export function errorOf(message: Extract<ServerMessage, { t: "error" }>): SkeinError {
  const code = isErrorCode(message.code) ? message.code : "not-authorised";
  return new SkeinError(code, message.message, { retryAfterMs: message.retryAfter });
}
