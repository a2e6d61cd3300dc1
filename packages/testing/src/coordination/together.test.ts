import { expect, it } from "vitest";
import { TogetherRun } from "./together-run.test-support.js";

// `SKEIN_SEED` and `SKEIN_SEEDS` choose other seeds, and more of them.
const firstSeed = Number(process.env.SKEIN_SEED ?? 1);
const seedCount = Number(process.env.SKEIN_SEEDS ?? 20);

it("presence, tasks and artifacts keep their promises over the shipping client and server", async () => {
  let [done, fetched] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const run = new TogetherRun(seed);
    await run.begin();
    await run.chaos(25);
    await run.quiet();
    expect(await run.problems(), `seed ${seed}`).toEqual([]);
    done += run.done;
    fetched += run.fetched;
    await run.close();
  }
  expect(done).toBeGreaterThan(seedCount);
  expect(fetched).toBeGreaterThan(seedCount / 10);
}, 7_200_000);
