import { describe, expect, it } from "vitest";
import { VoteWorld } from "./vote-world.test-support.js";

/** `npm run sim:agree` runs many more. */
const runs = Number(process.env.SKEIN_VOTE_RUNS ?? 60);
const first = Number(process.env.SKEIN_VOTE_FIRST ?? 1);

describe("votes through delays, cuts, crashes, voters that forget, and liars who work together", () => {
  it("end, every one of them; what is proven is what was decided; and two proofs that contradict each other convict who lied", async () => {
    const refused = new Set<string>();
    let [outcomes, proven, contradictions] = [0, 0, 0];
    for (let seed = first; seed < first + runs; seed++) {
      const world = new VoteWorld(seed);
      try {
        await world.chaos(6);
        const ended = await world.end();
        outcomes += ended.length;
        proven += ended.filter(({ certificate }) => certificate !== undefined).length;
        contradictions += world.contradictions;
        for (const reason of world.refused) refused.add(reason);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    // A few worlds needn't have all of it.
    if (runs < 60) return;
    expect(Math.min(outcomes, proven)).toBeGreaterThan(runs);
    // The liars are good enough to bring it about.
    expect(contradictions).toBeGreaterThan(0);
    expect([...refused].sort()).toEqual(["altered", "forged", "not-elector", "not-proposer", "unknown-proposal"]);
  }, 3_600_000);
});
