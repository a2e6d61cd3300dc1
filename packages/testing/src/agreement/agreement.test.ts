import { expect, it } from "vitest";
import { AgreementRun } from "./agreement-run.test-support.js";

const runs = Number(process.env.SKEIN_WORLD_RUNS ?? 15);

it("members agree on one leader, and one holder of a lock, in worlds of the shipping client and server", async () => {
  let [terms, grants] = [0, 0];
  for (let seed = 1; seed <= runs; seed++) {
    const run = new AgreementRun(seed);
    await run.begin();
    await run.chaos(15);
    await run.quiet();
    await run.world.until(() => run.isAgreed, { withinMs: 10_000 });
    terms += run.terms;
    grants += run.grants;
    await run.close();
  }
  expect(terms).toBeGreaterThan(runs);
  expect(grants).toBeGreaterThan(runs);
}, 3_600_000);
