import { ContractBench, type ContractPlatform } from "./bench.js";
import { candidateCases } from "./cases/candidates.js";
import { closingCases } from "./cases/closing.js";
import { messageCases } from "./cases/messages.js";
import { openingCases } from "./cases/opening.js";
import { outageCases } from "./cases/outages.js";
import { restartCases } from "./cases/restarting.js";
import { signallingCases } from "./cases/signalling.js";
import { statisticsCases } from "./cases/statistics.js";
import type { ContractCase } from "./contract-case.js";

/**
 * What the client takes from an RTCPeerConnection, case by case. Each engine runs it, and so does the simulation of each.
 *
 * @example
 * const failure = await runContractCase(engineContract[0], platform); // undefined where it is so
 */
export const engineContract: readonly ContractCase[] = [
  ...signallingCases,
  ...candidateCases,
  ...openingCases,
  ...messageCases,
  ...closingCases,
  ...restartCases,
  ...statisticsCases,
  ...outageCases,
];

/** Runs a case on two fresh connections: what the engine does instead, in words, or undefined where it does as the case says. */
export async function runContractCase(
  contractCase: ContractCase,
  platform: ContractPlatform,
): Promise<string | undefined> {
  const bench = new ContractBench(platform);
  try {
    await contractCase.run(bench);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    // What an engine says differs from release to release; how it names it doesn't.
    return error.name === "ContractFailure" ? error.message : `it threw ${error.name}`;
  } finally {
    bench.close();
  }
}
