export type { Clock } from "./clock.js";
export type { Rate } from "./core/token-bucket.js";
export type { ServerEvent } from "./events.js";
export type { JoinAttempt, RoomServerOptions, ServerLimitOptions, ServerOptions } from "./options.js";
export { createRoomServer, type RoomServer } from "./room-server.js";
export { createServer, type SkeinServer } from "./server.js";
export type { ClientSocket, Corkable } from "./socket.js";
export type { DropCode, ServerStats } from "./stats.js";
