/**
 * Presence, tasks, artifacts, votes, elections and locks, over a room or any other messenger.
 * @module @skein/coordination
 */

export type { Artifacts } from "./artifacts/artifacts.js";
export { createArtifacts } from "./artifacts/artifacts.js";
export type { ArtifactSource } from "./artifacts/chunks.js";
export type { Claim, Listing } from "./artifacts/core/catalogue.js";
export type { ArtifactId, Manifest } from "./artifacts/core/content-id.js";
export { artifactBytesMost, chunkBytes, isArtifactId } from "./artifacts/core/content-id.js";
export type { DropReason, FetchCounts } from "./artifacts/core/fetch-events.js";
export type { FetchProgress } from "./artifacts/fetch.js";
export type {
  Artifact,
  ArtifactEvents,
  ArtifactQuery,
  ArtifactsOptions,
  FetchOptions,
} from "./artifacts/options.js";
export { artifactMetaBytes, artifactsProtocol } from "./artifacts/protocol.js";
export type { PutOptions } from "./artifacts/put.js";
export type { Sha256 } from "./artifacts/sha256.js";
export { platformSha256, portableSha256 } from "./artifacts/sha256.js";
export type { BlobStore } from "./artifacts/stores/blob-store.js";
export { createBlobStore } from "./artifacts/stores/blob-store.js";
export { createMemoryStore } from "./artifacts/stores/memory-store.js";
export type { ArtifactDraft, ArtifactStore, StoredArtifact } from "./artifacts/stores/store.js";
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
export type { PresentPeer, Status } from "./presence/core/presence-book.js";
export type { Presence, PresenceEvents, PresenceOptions, PresenceQuery, PresenceUpdate } from "./presence/presence.js";
export { createPresence } from "./presence/presence.js";
export { presenceMetaBytes, presenceProtocol } from "./presence/protocol.js";
export type { TaskCounts } from "./tasks/core/task-events.js";
export type { TaskFailure } from "./tasks/core/task-state.js";
export type { TaskContext, TaskFunction, TaskHandling, TaskInput, TaskOutput } from "./tasks/function.js";
export type { Delegated, DelegateOptions, MapOptions, PartPlace } from "./tasks/options.js";
export { taskCapability, tasksProtocol } from "./tasks/protocol.js";
export type { TaskEvents, Tasks, TasksOptions, TaskView } from "./tasks/tasks.js";
export { createTasks } from "./tasks/tasks.js";
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
