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
