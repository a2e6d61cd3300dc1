export type { Clock } from "./clock.js";
export type { Rate } from "./core/token-bucket.js";
export type { ServerEvent } from "./events.js";
export type { JoinAttempt, ServerLimitOptions, ServerOptions } from "./options.js";
export { createServer, type SkeinServer } from "./server.js";
export type { DropCode, ServerStats } from "./stats.js";
