// Plays scenarios from a seed on, until one fails or so much processor time is spent: `soak.mjs FIRST CPU-SECONDS [RUNS]`.
// Prints one line of JSON; `digest` is of all their traces.
import { createHash } from "node:crypto";
import { runScenario, scenarioOf } from "@skein/testing";

const [first, cpuSeconds, runs = Number.POSITIVE_INFINITY] = process.argv.slice(2).map(Number);
const spent = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
const digests = createHash("sha256");
let seed = first;
let steps = 0;
let simulatedMs = 0;
let failure;
for (; seed < first + runs && spent() < cpuSeconds; seed++) {
  try {
    const result = await runScenario(scenarioOf(seed));
    steps += result.steps;
    simulatedMs += result.lengthMs;
    digests.update(result.digest);
  } catch (error) {
    failure = { seed, reason: error.reason ?? String(error), step: error.step };
    if (process.env.SKEIN_TRACE) console.error(error.message, error.trace?.join("\n"), error.cause);
    break;
  }
}
const digest = digests.digest("hex").slice(0, 16);
console.log(JSON.stringify({ runs: seed - first, steps, simulatedMs, digest, cpuSeconds: spent(), failure }));
