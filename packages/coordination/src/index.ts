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
export type { CertifiedOutcome } from "./votes/certificate.js";
export { verifyCertificate } from "./votes/certificate.js";
export type { AbsenceReason, CastBallot, MissingReason } from "./votes/core/ballot-box.js";
export type { Choice, Rule } from "./votes/core/rule.js";
export type {
  DecisionContext,
  Outcome,
  ProposeOptions,
  VoteRefusal,
  VoteRefusalReason,
  VotesEvents,
  VotesOptions,
} from "./votes/options.js";
export type { Proposal } from "./votes/proposal.js";
export { votesProtocol } from "./votes/protocol.js";
export type { Votes } from "./votes/votes.js";
export { createVotes } from "./votes/votes.js";
