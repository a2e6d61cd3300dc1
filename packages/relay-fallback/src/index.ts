/**
 * The relay path: sealed frames through the server, where there is no direct path.
 * @module @skein/relay-fallback
 */

export { type RelayFallbackOptions, relayFallback } from "./relay-fallback.js";
