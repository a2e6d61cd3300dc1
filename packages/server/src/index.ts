/**
 * The server where peers find each other: rooms, proofs of identity, forwarding, limits.
 * @module @skein/server
 */

export { limitKeyOf } from "./address.js";
export type { Backplane, BackplaneListener, BackplaneOptions } from "./backplane/backplane.js";
export { createMemoryBackplane, type MemoryBackplane } from "./backplane/memory.js";
export type { BackplaneStats } from "./backplane/stats.js";
export type { Clock } from "./clock.js";
export type { ClassRates } from "./core/allowance.js";
export type { PeerView, RoomView } from "./core/rooms.js";
export type { ShareLimits } from "./core/shares.js";
export type { Rate } from "./core/token-bucket.js";
export type { ServerEvent } from "./events.js";
export type { Grant } from "./grant.js";
export type { PartialLimits, ServerLimitOptions } from "./limits.js";
export type { Authorise, JoinAttempt, RoomServerOptions, ServerOptions } from "./options.js";
export { createRoomServer, type Removal, type RoomServer } from "./room-server.js";
export { createServer, type SkeinServer } from "./server.js";
export type { ClientSocket, Corkable } from "./socket.js";
export type { DropCode, ServerStats } from "./stats.js";
export { type TurnCredential, turnCredential } from "./turn/credential.js";
export { type TurnOptions, type TurnServer, turnUrls } from "./turn/options.js";
