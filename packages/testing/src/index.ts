/**
 * The simulated world, the soak, hostile roles, the conformance kit and the engines' contract.
 * @module @skein/testing
 */

export {
  answerConformance,
  type Check,
  type CheckOptions,
  type CheckResult,
  checkPeer,
  checkServer,
  conformance,
  countVerdicts,
  echoStream,
  holdCapability,
  type PeerUnderTest,
  peerChecks,
  type ServerUnderTest,
  selectChecks,
  serverChecks,
  type Verdict,
} from "./conformance/index.js";
export type { ContractPlatform, Side } from "./contract/bench.js";
export type { ContractCase } from "./contract/contract-case.js";
export {
  type EngineDifference,
  engineDifferences,
  knownDifference,
  type SimulationDeparture,
  simulationDepartures,
} from "./contract/differences.js";
export { engineContract, runContractCase } from "./contract/engine-contract.js";
export { runSimulatedCase } from "./contract/sim-platform.js";
export type { Endpoint, NatKind } from "./core/nat.js";
export { Nat } from "./core/nat.js";
export { SeededRandom } from "./core/seeded-random.js";
export { decoderTargets } from "./hostile/decoder-targets.js";
export { checkRoundTrip, type FuzzTarget } from "./hostile/fuzz-target.js";
export { fromHex, toHex } from "./hostile/hex.js";
export { LyingWriter, lyingHello, padded } from "./hostile/lying-frames.js";
export { LyingRelay } from "./hostile/lying-relay.js";
export {
  awkwardNumbers,
  type Mutation,
  messagePackHeads,
  mutate,
  type NumberForm,
  numberForms,
} from "./hostile/mutation.js";
export { type Mark, type PeerRole, peerRoles } from "./hostile/peer-roles.js";
export { type RelayLie, type RelayRole, relayRoles } from "./hostile/relay-roles.js";
export { inventPeer, type ServerRole, serverRoles } from "./hostile/server-roles.js";
export { shortest } from "./hostile/shortest.js";
export { Vectors } from "./hostile/vectors.js";
export type { LinkQuality } from "./network/quality.js";
export { inProcessEngine } from "./rtc/in-process-engine.js";
export type { EngineName, EngineProfile } from "./rtc/profile.js";
export { engineProfiles } from "./rtc/profile.js";
export type { Action, Happening, Player, Scenario, SoakLane } from "./soak/core/scenario.js";
export { scenarioOf } from "./soak/core/scenario.js";
export type { Fails } from "./soak/shrink.js";
export { shrink } from "./soak/shrink.js";
export type { SoakResult } from "./soak/soak-run.js";
export { runScenario, runSeed } from "./soak/soak-run.js";
export { WorldFailure } from "./world/failure.js";
export type { SleepClock } from "./world/process.js";
export type { AgentOptions, Holdings } from "./world/sim-agent.js";
export { SimAgent } from "./world/sim-agent.js";
export type { Invariant, Place, WorldOptions } from "./world/world.js";
export { createWorld, isLinked, World } from "./world/world.js";
