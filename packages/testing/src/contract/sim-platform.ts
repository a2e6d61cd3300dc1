import { SeededRandom } from "../core/seeded-random.js";
import { Timeline } from "../core/timeline.js";
import type { Host } from "../network/host.js";
import { Network } from "../network/network.js";
import { simEngine } from "../rtc/engine.js";
import { type EngineName, engineProfiles } from "../rtc/profile.js";
import { Process } from "../world/process.js";
import type { ContractPlatform, Side } from "./bench.js";
import type { ContractCase } from "./contract-case.js";
import { runContractCase } from "./engine-contract.js";

const simulatedPatienceMs = 20_000;

/** Runs a case on the simulation of an engine: what it does instead, or undefined. Time passes as fast as it can. */
export async function runSimulatedCase(
  contractCase: ContractCase,
  engine: EngineName,
  seed = 1,
): Promise<string | undefined> {
  const timeline = new Timeline();
  const thrown: unknown[] = [];
  let outcome: { readonly failure: string | undefined } | undefined;
  void runContractCase(contractCase, platformOf(engine, timeline, seed, thrown)).then((failure) => {
    outcome = { failure };
  });
  for (;;) {
    // Promises that are kept at once, and what follows from them.
    await new Promise((resolve) => setImmediate(resolve));
    if (outcome !== undefined) break;
    if (!timeline.step(Number.MAX_SAFE_INTEGER)) return "nothing happens any more";
  }
  return thrown.length > 0 ? `a callback threw ${String(thrown[0])}` : outcome.failure;
}

function platformOf(engine: EngineName, timeline: Timeline, seed: number, thrown: unknown[]): ContractPlatform {
  const random = new SeededRandom(seed);
  const network = new Network(timeline, random.fork());
  const failed = (error: unknown) => thrown.push(error);
  const machine = (name: string) => {
    const host = network.addHost(name);
    return { host, RTCPeerConnection: connectionOn(host, engine, new Process(timeline, random.fork(), failed)) };
  };
  const machines: Readonly<Record<Side, ReturnType<typeof machine>>> = { one: machine("one"), other: machine("other") };
  const hosts = [machines.one.host, machines.other.host];
  return {
    make: (side, configuration) => new machines[side].RTCPeerConnection(configuration),
    after: (delayMs, run) => timeline.after(delayMs, run),
    patienceMs: simulatedPatienceMs,
    way: { cut: () => network.cut(hosts, hosts), heal: () => network.heal() },
  };
}

function connectionOn(host: Host, engine: EngineName, process: Process): typeof RTCPeerConnection {
  const profile = engineProfiles[engine];
  const world = { process, host, profile, sent: () => {}, opened: () => {}, closed: () => {} };
  return simEngine(world).RTCPeerConnection as typeof RTCPeerConnection;
}
