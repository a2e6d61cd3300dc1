import type { Check } from "../kit/check.js";
import { type CheckResult, runChecks } from "../kit/run-checks.js";
import { mustReach } from "../kit/server-connection.js";
import type { CheckOptions } from "../server/check-server.js";
import { cardChecks } from "./card-checks.js";
import { envelopeChecks } from "./envelope-checks.js";
import { helloChecks, resumptionChecks } from "./hello-checks.js";
import { acknowledgementChecks, endChecks, frameChecks, keepingAliveChecks, laneChecks } from "./link-checks.js";
import { lossyChecks } from "./lossy-checks.js";
import { payloadChecks, requestChecks, settlementChecks } from "./payload-checks.js";
import { type PeerUnderTest, PeerWorld, surveyPeer } from "./peer-world.js";
import { relayChecks } from "./relay-checks.js";
import { signalChecks } from "./signal-checks.js";
import { streamChecks } from "./stream-checks.js";
import { windowChecks } from "./window-checks.js";

/** All that is held against a peer, in the order of the specification. */
export const peerChecks: readonly Check<PeerWorld>[] = [
  ...cardChecks,
  ...envelopeChecks,
  ...signalChecks,
  ...relayChecks,
  ...frameChecks,
  ...resumptionChecks,
  ...laneChecks,
  ...lossyChecks,
  ...windowChecks,
  ...acknowledgementChecks,
  ...helloChecks,
  ...endChecks,
  ...payloadChecks,
  ...requestChecks,
  ...streamChecks,
  ...settlementChecks,
  ...keepingAliveChecks,
];

/**
 * Plays the other side to a peer of whatever make that sits in a room and speaks `skein.conformance`, and says what of the
 * specification it keeps.
 * @throws {SkeinError} `server-unreachable`, `no-such-peer`
 */
export async function checkPeer(under: PeerUnderTest, options: CheckOptions = {}): Promise<readonly CheckResult[]> {
  await mustReach(under.url, under.timeoutMs);
  const survey = await surveyPeer(under);
  const open = () => {
    const world = new PeerWorld(under, survey);
    return { world, close: () => world.close() };
  };
  return runChecks({ ...options, checks: peerChecks, open });
}
