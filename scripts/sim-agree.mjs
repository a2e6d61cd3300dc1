// `npm run sim:agree`: elections and locks through 10,000 seeded worlds of each kind; votes, and members in worlds of the shipping client and
// server, through 200; `-- 500` for another number. A failure names its seed, and the same seed fails again.
import { environment, main, run } from "./workspace.mjs";

const cores = ["election/core", "locks/core", "votes"].map((folder) => `packages/coordination/src/${folder}`);
const tests = [...cores, "packages/testing/src/agreement"];

await main(async () => {
  const runs = Number(process.argv[2] ?? 10_000);
  // These run all of the code, and take a hundred times as long.
  const fewer = String(Math.ceil(runs / 50));
  const env = { ...environment, SKEIN_RUNS: String(runs), SKEIN_VOTE_RUNS: fewer, SKEIN_WORLD_RUNS: fewer };
  const { code } = await run("vitest", ["run", "--project", "unit", "--testTimeout=3600000", ...tests], { env });
  return code;
});
