export type { Check, Verdict } from "./kit/check.js";
export { type CheckResult, countVerdicts, selectChecks } from "./kit/run-checks.js";
export { checkPeer, peerChecks } from "./peer/check-peer.js";
export { answerConformance, conformance, echoStream, holdCapability } from "./peer/conformance-protocol.js";
export type { PeerUnderTest } from "./peer/peer-world.js";
export { type CheckOptions, checkServer, serverChecks } from "./server/check-server.js";
export type { ServerUnderTest } from "./server/server-world.js";
