import type { Check } from "../kit/check.js";
import { type CheckResult, type RunOptions, runChecks } from "../kit/run-checks.js";
import { mustReach } from "../kit/server-connection.js";
import { forwardChecks } from "./forward-checks.js";
import { iceChecks } from "./ice-checks.js";
import { joiningChecks } from "./joining-checks.js";
import { misbehaviourChecks } from "./misbehaviour-checks.js";
import { presenceChecks } from "./presence-checks.js";
import { type ServerUnderTest, ServerWorld } from "./server-world.js";
import { webSocketChecks } from "./web-socket-checks.js";

/** All that is held against a server, in the order of the specification. */
export const serverChecks: readonly Check<ServerWorld>[] = [
  ...webSocketChecks,
  ...joiningChecks,
  ...iceChecks,
  ...forwardChecks,
  ...presenceChecks,
  ...misbehaviourChecks,
];

/** Which cases to run, how many at once, and what hears of each result. */
export type CheckOptions = Pick<RunOptions<never>, "only" | "concurrency" | "onResult">;

/**
 * Plays clients against a server of whatever make, in rooms of its own, and says what of the specification it keeps.
 * @throws {SkeinError} `server-unreachable`
 * @example
 * const results = await checkServer({ url: "ws://127.0.0.1:7700/skein", timeoutMs: 5_000 });
 */
export async function checkServer(under: ServerUnderTest, options: CheckOptions = {}): Promise<readonly CheckResult[]> {
  await mustReach(under.url, under.timeoutMs);
  const open = () => {
    const world = new ServerWorld(under);
    return { world, close: () => world.close() };
  };
  return runChecks({ ...options, checks: serverChecks, open });
}
