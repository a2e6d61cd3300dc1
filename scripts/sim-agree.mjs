// `npm run sim:agree`: elections, locks and votes through 10,000 seeded worlds of each kind; `-- 500` for another number. A
// failure names its seed, and the same seed fails again.
import { main, run } from "./workspace.mjs";

await main(async () => {
  const runs = process.argv[2] ?? "10000";
  process.env.SKEIN_RUNS = runs;
  // These run all of the code, and take a hundred times as long.
  process.env.SKEIN_VOTE_RUNS = String(Math.ceil(Number(runs) / 50));
  const tests = [
    "packages/coordination/src/election/core",
    "packages/coordination/src/locks/core",
    "packages/coordination/src/votes",
  ];
  const { code } = await run("vitest", ["run", "--project", "unit", ...tests]);
  process.exitCode = code;
});
