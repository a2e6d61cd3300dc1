import { describe, expect, it } from "vitest";
import { AgreementRun } from "./agreement-run.test-support.js";

/** `npm run sim:agree` runs many more. */
const runs = Number(process.env.SKEIN_WORLD_RUNS ?? 20);
const first = Number(process.env.SKEIN_WORLD_FIRST ?? 1);

describe("elections, locks and votes in worlds of the shipping client and server", () => {
  it("keep their promises through cuts, pauses, sleep, crashes, clocks that are set, and liars", async () => {
    const sums = { terms: 0, proven: 0, waits: 0, grants: 0, late: 0, liars: 0 };
    const refused = new Set<string>();
    for (let seed = first; seed < first + runs; seed++) {
      const run = new AgreementRun(seed);
      await run.begin();
      await run.chaos(8);
      await run.quiet();
      await run.divide();
      await run.rest();
      sums.terms += run.promises.terms;
      sums.proven += run.promises.proven;
      sums.waits += run.waits.count;
      sums.grants += run.promises.locked.admitted;
      sums.late += run.promises.led.refused + run.promises.locked.refused;
      sums.liars += run.hasLiar ? 1 : 0;
      for (const reason of run.refused) refused.add(reason);
      await run.close();
    }
    process.stdout.write(`${runs} worlds: ${JSON.stringify(sums)}, refused: ${[...refused].sort().join(", ")}\n`);
    // A few worlds needn't have all of it.
    if (runs < 20) return;
    for (const sum of Object.values(sums)) expect(sum).toBeGreaterThan(0);
    expect(sums.terms).toBeGreaterThan(runs);
    // What a liar says is known for one.
    expect([...refused]).toEqual(expect.arrayContaining(["far-term", "forged", "not-proposer", "unproven"]));
  }, 36_000_000);
});
