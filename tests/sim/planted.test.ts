import { describe, expect, it } from "vitest";
import { faults } from "./faults.ts";
import { play } from "./play.ts";

/** Of processor time, for each. */
const seconds = 120;

describe("a soak finds", () => {
  for (const fault of faults) {
    it(`${fault.name}`, async () => {
      const { failure, runs, cpuSeconds } = await play({ first: 1, seconds, fault });
      expect(failure, `not found in ${runs} scenarios and ${Math.round(cpuSeconds)} s`).toBeDefined();
      const again = await play({ first: failure?.seed ?? 0, seconds, runs: 1, fault });
      expect(again.failure).toEqual(failure);
    });
  }
});
