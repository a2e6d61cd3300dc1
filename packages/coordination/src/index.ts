export type { Clock } from "./clock.js";
export type { PresentPeer, Status } from "./presence/core/presence-book.js";
export type { Presence, PresenceEvents, PresenceOptions, PresenceQuery, PresenceUpdate } from "./presence/presence.js";
export { createPresence } from "./presence/presence.js";
export { presenceMetaBytes, presenceProtocol } from "./presence/protocol.js";
