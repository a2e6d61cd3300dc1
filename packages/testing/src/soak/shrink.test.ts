import { describe, expect, it } from "vitest";
import { type Scenario, scenarioOf } from "./core/scenario.js";
import { shrink } from "./shrink.js";

const scenario: Scenario = {
  ...scenarioOf(1),
  happenings: Array.from({ length: 23 }, (_, i) => ({ atMs: i, action: { type: "update", who: 0 } })),
};
const timesOf = ({ happenings }: Scenario) => happenings.map(({ atMs }) => atMs);

describe("a failing scenario", () => {
  it("shrinks to what it takes to fail, in its order", async () => {
    for (const needed of [[], [0], [22], [3, 4], [0, 11, 22], [5, 6, 7, 8, 9]]) {
      const fails = async (tried: Scenario) => needed.every((atMs) => timesOf(tried).includes(atMs));
      expect(timesOf(await shrink(scenario, fails))).toEqual(needed);
    }
  });

  it("stays as it is where all of it is needed", async () => {
    const fails = async ({ happenings }: Scenario) => happenings.length === 23;
    expect(timesOf(await shrink(scenario, fails))).toHaveLength(23);
  });
});
