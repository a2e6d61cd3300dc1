import { accept, type Decoded, reject } from "../decoded.js";
import { type PeerId, peerIdOf, peerKeyBytes, peerKeyOf } from "../identity/peer-id.js";
import { limits } from "../limits.js";

/** The WebSocket subprotocol of wire version 1. */
export const webSocketProtocol = "skein.1";

/** The first byte of each WebSocket message between a client and a server. 4 is kept for broadcasts to a room. */
export const packetKind = { control: 1, signal: 2, relay: 3 } as const;

/** What a forward carries: the server limits and accounts for the two apart. */
export type ForwardClass = "signal" | "relay";

/** Where the envelope of a forward begins: behind the kind and the peer's key. */
export const forwardHeaderBytes = 1 + peerKeyBytes;

/** One message of the WebSocket: control, or a forward. */
export type Packet =
  | { readonly kind: "control"; readonly body: Uint8Array }
  | {
      readonly kind: "forward";
      readonly class: ForwardClass;
      /** Going up, the target; coming down, the source. */
      readonly peer: PeerId;
      readonly envelope: Uint8Array;
    };

export function encodeControlPacket(body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(1 + body.length);
  packet[0] = packetKind.control;
  packet.set(body, 1);
  return packet;
}

/** A forward of an envelope: to that peer going up, from it coming down. */
export function encodeForwardPacket(kind: ForwardClass, peer: PeerId, envelope: Uint8Array): Uint8Array {
  const packet = new Uint8Array(forwardHeaderBytes + envelope.length);
  packet[0] = packetKind[kind];
  packet.set(peerKeyOf(peer), 1);
  packet.set(envelope, forwardHeaderBytes);
  return packet;
}

/** Reads what came over the WebSocket. What is forwarded stays as it is. */
export function decodePacket(packet: Uint8Array): Decoded<Packet> {
  if (packet.length > limits.packetBytes) return reject("over-limit", `a packet of over ${limits.packetBytes} bytes`);
  switch (packet[0]) {
    case packetKind.control:
      return accept({ kind: "control", body: packet.subarray(1) });
    case packetKind.signal:
      return decodeForward("signal", packet);
    case packetKind.relay:
      return decodeForward("relay", packet);
    case undefined:
      return reject("malformed", "an empty packet");
    default:
      return reject("unknown-type", `a packet of kind ${packet[0]}`);
  }
}

function decodeForward(kind: ForwardClass, packet: Uint8Array): Decoded<Packet> {
  if (packet.length <= forwardHeaderBytes) return reject("malformed", "a forward without an envelope");
  return accept({
    kind: "forward",
    class: kind,
    peer: peerIdOf(packet.subarray(1, forwardHeaderBytes)),
    envelope: packet.subarray(forwardHeaderBytes),
  });
}
