import { SkeinError } from "@skein/protocol";
import { runScenario, type Scenario, scenarioOf, shrink, WorldFailure } from "@skein/testing";
import { listenForStop } from "../process/stop.js";
import { createInk } from "../terminal/ink.js";
import { countText, durationText } from "../terminal/units.js";
import { playBatches } from "./batches.js";
import { type Failed, play } from "./play.js";
import { type Tally, TallyLine } from "./tally-line.js";

export interface SimOptions {
  readonly seed?: number;
  readonly runs?: number;
  readonly from: number;
  readonly seconds?: number;
  readonly jobs: number;
  readonly trace?: boolean;
  readonly shrink?: boolean;
  readonly json?: boolean;
}

/** What is played where nothing is said. */
const defaultRuns = 100;

/** @throws {SkeinError} `handler-failed` where a promise was broken: its text says what, and how it comes again */
export async function simulate(options: SimOptions): Promise<void> {
  if (options.seed !== undefined) return playOne(options.seed, options);
  using stop = listenForStop();
  using line = new TallyLine();
  const untilMs =
    options.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.seconds * 1_000;
  const runs = options.runs ?? (options.seconds === undefined ? defaultRuns : Number.MAX_SAFE_INTEGER);
  const goesOn = () => !stop.signal.aborted && performance.now() < untilMs;
  const startedMs = performance.now();
  const show = (tally: Tally) => line.show(tally, options.runs);
  const seeds = { first: options.from, end: options.from + runs };
  const tally =
    options.jobs > 1 ? await playBatches(seeds, options.jobs, goesOn, show) : await playAll(seeds, goesOn, show);
  line.hide();
  const tookMs = performance.now() - startedMs;
  if (tally.failed !== undefined) await fail(tally.failed, options);
  else tellDone(tally, tookMs, options);
}

async function playAll(
  { first, end }: { first: number; end: number },
  goesOn: () => boolean,
  show: (tally: Tally) => void,
): Promise<Tally> {
  let tally: Tally = { runs: 0, simulatedMs: 0, steps: 0, failed: undefined };
  for (let seed = first; seed < end && goesOn() && tally.failed === undefined; seed++) {
    const played = await play(scenarioOf(seed));
    tally = add(tally, played);
    show(tally);
  }
  return tally;
}

function add(tally: Tally, played: Awaited<ReturnType<typeof play>>): Tally {
  if ("reason" in played) return { ...tally, failed: played };
  const { runs, simulatedMs, steps } = tally;
  return { ...tally, runs: runs + 1, simulatedMs: simulatedMs + played.lengthMs, steps: steps + played.steps };
}

async function playOne(seed: number, options: SimOptions): Promise<void> {
  const scenario = scenarioOf(seed);
  if (options.trace && !options.json) print(JSON.stringify(scenario, undefined, 2));
  const played = await play(scenario, options.trace ? print : undefined);
  if ("reason" in played) return fail(played, options);
  const { steps, lengthMs, digest } = played;
  if (options.json) return print(JSON.stringify({ event: "run", seed, steps, lengthMs, digest }));
  print(
    `Seed ${seed}: every promise kept, in ${countText(steps, "step")} and ${durationText(lengthMs)}. Its trace is ${digest}.`,
  );
}

/** A promise is broken. */
async function fail(failed: Failed, options: SimOptions): Promise<never> {
  const { seed, step, reason } = failed;
  if (options.json) print(JSON.stringify({ event: "failed", seed, step, reason }));
  else {
    const ink = createInk(process.stdout);
    for (const line of failed.trace.slice(-30)) print(ink("dim", `  ${line}`));
  }
  if (options.shrink) await shrinkTo(failed, options);
  throw new SkeinError(
    "handler-failed",
    `Seed ${seed} breaks a promise at step ${step}: ${reason}. \`skein sim --seed ${seed} --trace\` plays it again.`,
  );
}

async function shrinkTo({ seed }: Failed, { json }: SimOptions): Promise<void> {
  const fails = async (scenario: Scenario): Promise<boolean> => {
    try {
      await runScenario(scenario);
      return false;
    } catch (error) {
      if (error instanceof WorldFailure) return true;
      throw error;
    }
  };
  using line = new TallyLine();
  const smallest = await shrink(scenarioOf(seed), fails, (left) =>
    line.print(`Shrinking: ${countText(left, "happening")} left …`),
  );
  line.hide();
  print(
    json
      ? JSON.stringify({ event: "shrunk", scenario: smallest })
      : `What still fails:\n${JSON.stringify(smallest, undefined, 2)}`,
  );
}

function tellDone({ runs, simulatedMs, steps }: Tally, tookMs: number, { json }: SimOptions): void {
  if (json) return print(JSON.stringify({ event: "done", runs, simulatedMs, steps, tookMs: Math.round(tookMs) }));
  const faster = Math.round(simulatedMs / tookMs).toLocaleString("en-GB");
  print(
    `${countText(runs, "scenario")}: every promise kept. ${durationText(simulatedMs)} of simulated time in ${durationText(tookMs)} (${faster} times as fast), ${countText(steps, "step")}.`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
