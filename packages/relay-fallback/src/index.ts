export { type RelayFallbackOptions, relayFallback } from "./relay-fallback.js";
