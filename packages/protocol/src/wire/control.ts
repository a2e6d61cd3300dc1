import { decodeByType, type MessageOf } from "../codec/by-type.js";
import { encode } from "../codec/message-pack.js";
import {
  boolean,
  bytesOf,
  count,
  list,
  literal,
  name,
  type Output,
  object,
  oneOf,
  optional,
  text,
} from "../codec/schema.js";
import type { Decoded } from "../decoded.js";
import { signedCardSchema } from "../identity/card.js";
import { nonceBytes } from "../identity/join-proof.js";
import { limits } from "../limits.js";
import { encodeControlPacket } from "./packet.js";

/** A STUN or TURN server, as RTCPeerConnection takes it (W3C webrtc-pc §4.2.2). */
const iceServer = object({
  urls: list(text(limits.iceUrlLength), limits.iceServers),
  username: optional(text(512)),
  credential: optional(text(512)),
});
/** A STUN or TURN server that the server names. */
export type IceServer = Output<typeof iceServer>;

const peerKey = bytesOf(32);

/** What a server holds a client to. */
const serverLimits = object({
  /** Largest WebSocket message it takes. */
  packetBytes: count,
  /** How long it keeps the place of a client whose socket is gone. */
  graceMs: count,
});
/** What the server lets a client do, as it says at the join. */
export type ServerLimits = Output<typeof serverLimits>;

export const clientMessages = {
  /** Answers the challenge. `proof`: see `proveJoin`. */
  join: object({
    t: literal("join"),
    room: name,
    card: signedCardSchema,
    proof: bytesOf(64),
    token: optional(text(limits.tokenLength)),
  }),
  /** A newer card of the same peer. */
  announce: object({ t: literal("announce"), card: signedCardSchema }),
  /** A token that takes the place of the one that came with the join. */
  token: object({ t: literal("token"), token: text(limits.tokenLength) }),
  ping: object({ t: literal("ping") }),
  leave: object({ t: literal("leave") }),
};

export const serverMessages = {
  /** The first word on each connection. */
  challenge: object({
    t: literal("challenge"),
    nonce: bytesOf(nonceBytes),
    server: name,
    versions: list(count, 16),
    limits: serverLimits,
  }),
  /** A part of the room's peers, where they don't fit into one message: comes before `joined`. */
  peers: object({ t: literal("peers"), peers: list(signedCardSchema, limits.roomPeers) }),
  /** The client is in the room; with all `peers` that came before, these are all who are there. */
  joined: object({
    t: literal("joined"),
    room: name,
    peers: list(signedCardSchema, limits.roomPeers),
    ice: list(iceServer, limits.iceServers),
  }),
  /** ICE servers that take the place of those before: their credentials would be over soon. */
  ice: object({ t: literal("ice"), ice: list(iceServer, limits.iceServers) }),
  "peer-joined": object({ t: literal("peer-joined"), card: signedCardSchema }),
  "peer-updated": object({ t: literal("peer-updated"), card: signedCardSchema }),
  /** The peer's socket is gone; its place is kept for the grace period. */
  "peer-away": object({ t: literal("peer-away"), id: peerKey }),
  /** `left`: it said so · `lost`: it didn't come back in time · `replaced`: the identity joined again. */
  "peer-left": object({ t: literal("peer-left"), id: peerKey, reason: name }),
  /** A forward of this class went nowhere. `gone`: no such peer in the room · `busy`: its connection is full. */
  undeliverable: object({
    t: literal("undeliverable"),
    to: peerKey,
    reason: name,
    class: optional(oneOf("signal", "relay")),
  }),
  pong: object({ t: literal("pong") }),
  /** The client's token holds for this many milliseconds more: the connection ends then, unless a new one comes before. */
  expiring: object({ t: literal("expiring"), after: count }),
  /** The server is about to stop. The client goes, and joins again, after this many milliseconds: each has its own. */
  draining: object({ t: literal("draining"), after: count }),
  /** `fatal`: the connection ends, and the same join would fail again. */
  error: object({
    t: literal("error"),
    code: name,
    message: text(512),
    fatal: boolean,
    /** Milliseconds. */
    retryAfter: optional(count),
  }),
};

/** What a client says to its server. */
export type ClientMessage = MessageOf<typeof clientMessages>;
/** What a server says to its client. */
export type ServerMessage = MessageOf<typeof serverMessages>;

/** A control message as a whole WebSocket message. */
export function encodeControl(message: ClientMessage | ServerMessage): Uint8Array {
  return encodeControlPacket(encode(message));
}

/** Reads what a client said. `unknown-type` is to be answered, not punished: a later version may say more. */
export function decodeClientMessage(body: Uint8Array): Decoded<ClientMessage> {
  return decodeByType(clientMessages, body);
}

/** Reads what a server said. `unknown-type` is to be counted and passed over. */
export function decodeServerMessage(body: Uint8Array): Decoded<ServerMessage> {
  return decodeByType(serverMessages, body);
}
