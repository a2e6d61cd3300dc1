import { describe, expect, it } from "vitest";
import { LockWorld } from "./lock-world.test-support.js";

/** `npm run sim:agree` runs many more. */
const runs = Number(process.env.SKEIN_RUNS ?? 200);

describe("locks through leaders that change, lost and late messages, crashes and pauses", () => {
  it("are held by one at a time, under tokens that rise, and every wait ends", () => {
    let grants = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const world = new LockWorld({ seed });
      world.chaos(30_000);
      world.quiet();
      world.pass(120_000);
      expect(world.open(), `seed ${seed}: claims that never ended`).toBe(0);
      grants += world.grants;
    }
    expect(grants).toBeGreaterThan(runs);
  }, 3_600_000);

  it("need clocks whose rates differ by no more than the margin: beyond it, two may hold one", () => {
    const beyond = () => {
      for (let seed = 1; seed <= Math.max(runs, 400); seed++) new LockWorld({ seed, clockRatio: 2 }).chaos(30_000);
    };
    expect(beyond).toThrow(/is held by/);
  }, 3_600_000);
});
