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
export { SeededRandom } from "./core/seeded-random.js";
