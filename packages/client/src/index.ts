/**
 * Rooms, peers and links: what an app joins, sends and hears by. Most of what an app needs is here.
 * @module @skein/client
 */

export type {
  Card,
  ErrorCode,
  Identity,
  Lane,
  MessageDefinition,
  PeerId,
  Protocol,
  RequestContext,
  RequestDefinition,
  RequestOptions,
  Unsubscribe,
} from "@skein/protocol";
export {
  createIdentity,
  defineProtocol,
  loadIdentity,
  message,
  request,
  SkeinError,
  saveIdentity,
} from "@skein/protocol";
export { platformEngine, platformNetwork } from "#engine";
export { Alarm, type Clock } from "./clock.js";
export type { PathKind } from "./core/path-chooser.js";
export { RateWindow } from "./core/rate-window.js";
export type { ServerOrder } from "./core/server-choice.js";
export type { CandidatePair } from "./direct/connection.js";
export type { Description, Engine } from "./engine/engine.js";
export { joinRoom } from "./join-room.js";
export type { ByteStream } from "./link/byte-stream.js";
export type { FrameSink } from "./link/frame-writer.js";
export type { LinkTraffic } from "./link/traffic.js";
export type { NetworkWatch } from "./network/network-watch.js";
export type { CardUpdate, JoinOptions } from "./room/options.js";
export type {
  AttachedPath,
  DirectNews,
  OpenPath,
  PathProvider,
  PathWorld,
  RelayUsage,
} from "./room/path-provider.js";
export type { Peer } from "./room/peer.js";
export type { Room } from "./room/room.js";
export type { RoomEvents } from "./room/room-events.js";
export type { PeerStats, RoomHappening, RoomStats } from "./room/room-stats.js";
export type { StreamOptions } from "./room/stream-options.js";
export { broadcastChannelSignaling } from "./signaling/broadcast-channel.js";
export type { Bus, BusMember, BusPacket, OpenBus } from "./signaling/bus.js";
export { busSignaling } from "./signaling/bus.js";
export { memorySignaling } from "./signaling/memory.js";
export type { Signaling, SignalingEvents, SignalingJoin, SignalingSession } from "./signaling/signaling.js";
export type { WebSocketSignalingOptions } from "./signaling/web-socket.js";
export { webSocketSignaling } from "./signaling/web-socket.js";
