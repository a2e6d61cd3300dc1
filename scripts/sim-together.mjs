// `npm run sim:together`: tasks and artifacts through 10,000 seeded worlds of each kind, over a network in memory, and together in as many worlds of the
// shipping client and server, which takes hours; `-- 500` for another number, `-- 500 2001` to begin with another seed. A failure names its seed, and the same seed
// fails again.
import { environment, main, run } from "./workspace.mjs";

const tests = ["packages/coordination/src/simulation", "packages/testing/src/coordination"];

await main(async () => {
  const [runs = "10000", first = "1"] = process.argv.slice(2);
  const env = { ...environment, SKEIN_SEEDS: runs, SKEIN_SEED: first };
  const { code } = await run("vitest", ["run", "--project", "unit", "--testTimeout=7200000", ...tests], { env });
  return code;
});
