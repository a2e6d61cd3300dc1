/**
 * The words on the wire, for those who build a server, a carrier or a peer of their own.
 * @module @skein/protocol
 */

export type {
  Definition,
  MessageDefinition,
  MessageOptions,
  MessageShape,
  Protocol,
  ProtocolHead,
  RequestDefinition,
  RequestShape,
  ShapeOptions,
  ShapeTable,
} from "./app/definition.js";
export { defineProtocol, message, request } from "./app/definition.js";
export type {
  Messenger,
  MessengerPeer,
  MessengerPeerEvent,
  RequestContext,
  RequestOptions,
  Unsubscribe,
} from "./app/messenger.js";
export type { ProtocolVersions, Settlement } from "./app/settlement.js";
export { compareVersions, settleProtocol, versionsOf } from "./app/settlement.js";
export type { InputOf, OutputOf, Schema } from "./app/validate.js";
export { validate } from "./app/validate.js";
export { concatBytes, digestOf, equalBytes, fromBase64Url, fromUtf8, toBase64Url, utf8 } from "./bytes.js";
export { decode, encode } from "./codec/message-pack.js";
export type { Accepted, Decoded, Rejected, RejectionCode } from "./decoded.js";
export { accept, reject } from "./decoded.js";
export type { ErrorCode, SkeinErrorOptions } from "./errors.js";
export { isErrorCode, isFromOutside, SkeinError } from "./errors.js";
export type { Card, SignedCard } from "./identity/card.js";
export { readCard, signCard, verifyCard } from "./identity/card.js";
export type { Ed25519 } from "./identity/ed25519.js";
export { platformEd25519, portableEd25519, webCryptoEd25519 } from "./identity/ed25519.js";
export type { Identity, Purpose } from "./identity/identity.js";
export { createIdentity, loadIdentity, saveIdentity, verifySignature } from "./identity/identity.js";
export { nonceBytes, proveJoin, verifyJoin } from "./identity/join-proof.js";
export type { PeerId } from "./identity/peer-id.js";
export { parsePeerId, peerIdOf, peerKeyBytes, peerKeyOf } from "./identity/peer-id.js";
export { limits } from "./limits.js";
export type { RandomBytes } from "./random.js";
export { platformRandom } from "./random.js";
export type { BoxKeyPair, DirectionKeys, DirectionKeysInput, EnvelopeCarrier } from "./sealed/direction-keys.js";
export { createBoxKeyPair, deriveDirectionKeys, roomKeyOf } from "./sealed/direction-keys.js";
export type { EnvelopeContent } from "./sealed/envelope.js";
export { EnvelopeOpener, envelopeOverheadBytes, sealEnvelope } from "./sealed/envelope.js";
export type { ClientMessage, IceServer, ServerLimits, ServerMessage } from "./wire/control.js";
export { decodeClientMessage, decodeServerMessage, encodeControl } from "./wire/control.js";
export { iceUrlKind } from "./wire/ice-url.js";
export type { ForwardClass, Packet } from "./wire/packet.js";
export {
  decodePacket,
  encodeForwardPacket,
  forwardHeaderBytes,
  packetKind,
  webSocketProtocol,
} from "./wire/packet.js";
export type { Payload, StreamPayload } from "./wire/payload.js";
export { decodePayload, encodeMessage, encodePayload } from "./wire/payload.js";
export type { Acknowledgement, Close, Hello, Lane, WireRecord } from "./wire/record.js";
export {
  dataRecordBytes,
  decodeFrame,
  encodeAcknowledgement,
  encodeClose,
  encodeHello,
  encodeLossy,
  encodePing,
  encodePong,
  features,
  laneCount,
  lanes,
  writeData,
} from "./wire/record.js";
export type { RelayPacket } from "./wire/relay.js";
export { decodeRelayPacket, encodeRelayPacket } from "./wire/relay.js";
export type { ChannelNews } from "./wire/relay-channel.js";
export { RelayChannel } from "./wire/relay-channel.js";
export type { Candidate, Signal } from "./wire/signal.js";
export { decodeSignal, encodeSignal } from "./wire/signal.js";
