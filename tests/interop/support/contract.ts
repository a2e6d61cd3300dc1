import type { ContractPlatform } from "../../../packages/testing/src/contract/bench.ts";
import { engineContract, runContractCase } from "../../../packages/testing/src/contract/engine-contract.ts";

/** Long enough for a machine that is busy with other things: only what never comes waits so long. */
const realPatienceMs = 8_000;

/** Runs a case of the contract on a real engine, wherever this runs: what the engine does instead, or null. */
export async function runRealCase(name: string, Connection: typeof RTCPeerConnection): Promise<string | null> {
  const platform: ContractPlatform = {
    make: (_side, configuration) => new Connection(configuration),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    patienceMs: realPatienceMs,
  };
  const contractCase = engineContract.find((one) => one.name === name);
  if (contractCase === undefined) throw new Error(`there is no case "${name}"`);
  return (await runContractCase(contractCase, platform)) ?? null;
}
