import type { Bench } from "../bench.ts";
import { openChromiumChromium } from "./open-chromium-chromium.ts";
import { openNodeNode } from "./open-node-node.ts";
import { returnAfterKill } from "./return-after-kill.ts";
import { serverForward, serverForwardBurst, serverForwardThousand } from "./server-forward.ts";
import { serverIdleMemory, serverIdleMemoryThousands } from "./server-idle-memory.ts";

/** All there is to run, in the order of the table. */
export const benches: readonly Bench[] = [
  openNodeNode,
  openChromiumChromium,
  returnAfterKill,
  serverForward,
  serverForwardBurst,
  serverForwardThousand,
  serverIdleMemory,
  serverIdleMemoryThousands,
];
