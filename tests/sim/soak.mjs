// Plays scenarios until one fails, or the time is up: `soak.mjs FIRST RUNS SECONDS`. Prints one line of JSON.
import { runSeed } from "@skein/testing";

const [first, runs, seconds] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + seconds * 1000;
let seed = first;
let simulatedMs = 0;
let steps = 0;
let failure;
for (; seed < first + runs && performance.now() < untilMs; seed++) {
  try {
    const result = await runSeed(seed);
    simulatedMs += result.lengthMs;
    steps += result.steps;
  } catch (error) {
    failure = { seed, reason: error.reason ?? String(error), step: error.step };
    if (process.env.SKEIN_TRACE) console.error(error.message, error.trace?.join("\n"), error.cause);
    break;
  }
}
const cpuSeconds = process.cpuUsage().user / 1e6;
console.log(JSON.stringify({ runs: seed - first, simulatedMs, steps, cpuSeconds, failure }));
