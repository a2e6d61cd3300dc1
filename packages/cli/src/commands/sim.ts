import { Command, InvalidArgumentError } from "commander";
import type { SimOptions } from "../sim/sim.js";

/** `skein sim`. */
export function simCommand(): Command {
  return new Command("sim")
    .description(
      "Play scenarios in a simulated world: agents that talk while networks fail, machines sleep and servers die, all decided by a seed. " +
        "The client, the relay and the server are the ones that ship. Says which seed breaks a promise, and plays it again to the same step.",
    )
    .option("--seed <n>", "play the scenario of this seed alone", parseCount)
    .option("--runs <n>", "how many scenarios, each of the next seed", parseCount)
    .option("--from <n>", "the first of their seeds", parseCount, 1)
    .option("--seconds <n>", "stop after so long", parseCount)
    .option("--jobs <n>", "how many processes share the work", parseCount, 1)
    .option("--trace", "with --seed: tell all that happens, and the scenario")
    .option("--shrink", "where one fails, leave out of it what it fails without")
    .option("--json", "tell lines of JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ skein sim --runs 1000 --jobs 2        a thousand scenarios, by two processes
  $ skein sim --seconds 3600 --from 5000  as many as an hour takes
  $ skein sim --seed 4711 --trace         one of them, step by step
  $ skein sim --seed 4711 --shrink        what little of it still fails

Promised, and held against after each step: messages arrive once, in order, or their sender is told how many may be lost; windows
and buffers keep their limits; in the end whoever can reach each other is linked, directly where there is a way; every wait ends;
whoever leaves holds nothing.

With --json, lines out: run, failed, done. Exit codes: 0 all kept, 1 one broken, 2 wrong usage.`,
    )
    .action(async (options: SimOptions) => {
      const { simulate } = await import("../sim/sim.js");
      await simulate(options);
    });
}

function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number, 0 or more.");
}
