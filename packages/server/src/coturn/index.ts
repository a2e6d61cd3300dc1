export { checkPeerRange, type PortRange } from "./config.js";
export { type Coturn, type CoturnOptions, startCoturn } from "./coturn.js";
