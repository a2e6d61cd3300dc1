/**
 * What operators see and do: logs, metrics, the admin entrance.
 * @module @skein/server/operations
 */

export { type Admin, type AdminOptions, createAdmin } from "./admin.js";
export { createLog, type LogOptions } from "./log.js";
export { createMetrics, type Metrics } from "./metrics.js";
