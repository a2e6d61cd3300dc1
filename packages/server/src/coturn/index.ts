/**
 * STUN and TURN by coturn, as a child process.
 * @module @skein/server/coturn
 */

export { checkPeerRange, type PortRange } from "./config.js";
export { type Coturn, type CoturnOptions, startCoturn } from "./coturn.js";
