export type { Clock } from "./clock.js";
// Agreement: elections, locks, votes.
export type { ElectionMemory } from "./election/core/state.js";
export type { Election } from "./election/election.js";
export { createElection } from "./election/election.js";
export type { FencingToken } from "./election/fence.js";
export { Fence } from "./election/fence.js";
export type {
  ElectionEvents,
  ElectionOptions,
  ElectionRefusal,
  ElectionRefusalReason,
  ElectionStore,
  Leader,
} from "./election/options.js";
export { electionProtocol } from "./election/protocol.js";
export type { Lock } from "./locks/lock.js";
export type { AcquireOptions, Locks, LocksOptions } from "./locks/locks.js";
export { createLocks } from "./locks/locks.js";
export { locksProtocol } from "./locks/protocol.js";
