import type { Bench } from "../bench.ts";
import { artifact, artifactThree } from "./artifacts.ts";
import { backplaneForwards } from "./backplane-forward.ts";
import { backplanePresences } from "./backplane-presence.ts";
import { bulkChromiumChromium, bulkNodeNode } from "./bulk.ts";
import { delegation } from "./delegation.ts";
import { elections } from "./election.ts";
import { gapCut, gapNetworkChange, relayAfterChecking, relayFirst } from "./gap.ts";
import { lockHandOver } from "./lock-hand-over.ts";
import { messagesChromiumChromium, messagesNodeNode } from "./messages.ts";
import { openChromiumChromium } from "./open-chromium-chromium.ts";
import { openNodeChromium } from "./open-node-chromium.ts";
import { openNodeNode } from "./open-node-node.ts";
import { pageSize, pageSizeRelay } from "./page-size.ts";
import { relayBulk, relayMessages } from "./relay.ts";
import { returnAfterKill } from "./return-after-kill.ts";
import { roundTripChromiumChromium, roundTripNodeNode } from "./round-trip.ts";
import { serverAbuses } from "./server-abuse.ts";
import { serverForward, serverForwardBurst, serverForwardThousands } from "./server-forward.ts";
import { serverIdleMemory, serverIdleMemoryThousands } from "./server-idle-memory.ts";
import { serverKills } from "./server-kill.ts";
import { serverReturn, serverReturnFours } from "./server-return.ts";
import { simulationSpeed } from "./simulation-speed.ts";
import { votes } from "./votes.ts";

/** All there is to run, in the order of the table. */
export const benches: readonly Bench[] = [
  messagesNodeNode,
  messagesChromiumChromium,
  bulkNodeNode,
  bulkChromiumChromium,
  roundTripNodeNode,
  roundTripChromiumChromium,
  relayMessages,
  relayBulk,
  delegation,
  artifact,
  artifactThree,
  openNodeNode,
  openNodeChromium,
  openChromiumChromium,
  returnAfterKill,
  gapCut,
  gapNetworkChange,
  relayAfterChecking,
  relayFirst,
  pageSize,
  pageSizeRelay,
  serverForward,
  serverForwardBurst,
  serverForwardThousands,
  serverIdleMemory,
  serverIdleMemoryThousands,
  ...backplaneForwards,
  ...backplanePresences,
  simulationSpeed,
  serverReturn,
  serverReturnFours,
  ...serverKills,
  ...serverAbuses,
  ...elections,
  ...votes,
  lockHandOver,
];
