// `npm run sim:agree`: elections, locks and votes through 10,000 seeded worlds of each kind, and members through as many worlds of the
// shipping client and server, by a process for each core: that takes most of an hour. `-- 500` for another number, `-- 500 3001` for those
// from a seed on. A failure names its seed, and the same seed fails again.
import { availableParallelism } from "node:os";
import { environment, main, run } from "./workspace.mjs";

const cores = ["election/core", "locks/core", "votes"].map((folder) => `packages/coordination/src/${folder}`);

function vitest(tests, env) {
  const args = ["run", "--project", "unit", "--testTimeout=36000000", "--no-file-parallelism", ...tests];
  return run("vitest", args, { env: { ...environment, ...env } });
}

/** So many seeds from the first on, as parts for so many processes. */
function partsOf(first, runs, parts) {
  const size = Math.ceil(runs / parts);
  return Array.from({ length: parts }, (_, part) => ({
    first: first + part * size,
    runs: Math.min(size, runs - part * size),
  })).filter((part) => part.runs > 0);
}

await main(async () => {
  const [runs, first] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1)];
  const ofCores = await vitest(cores, { SKEIN_RUNS: runs, SKEIN_VOTE_RUNS: runs, SKEIN_VOTE_FIRST: first });
  const ofWorlds = await Promise.all(
    partsOf(first, runs, availableParallelism()).map((part) =>
      vitest(["packages/testing/src/agreement"], { SKEIN_WORLD_RUNS: part.runs, SKEIN_WORLD_FIRST: part.first }),
    ),
  );
  return Math.max(ofCores.code, ...ofWorlds.map(({ code }) => code));
});
