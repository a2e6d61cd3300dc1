import { describe, expect, it } from "vitest";
import { play } from "./play.ts";

/** Of processor time, by each of two processes. */
const seconds = 60;

describe("a soak", () => {
  it("of two minutes finds no promise broken", async () => {
    const played = await Promise.all([play({ first: 1, seconds }), play({ first: 1_000_000, seconds })]);
    expect(played.map(({ failure }) => failure)).toEqual([undefined, undefined]);
    for (const { runs, simulatedMs, cpuSeconds } of played) {
      console.log(
        `${runs} scenarios, ${Math.round(simulatedMs / 1_000)} s of simulated time in ${Math.round(cpuSeconds)} s`,
      );
      expect(runs).toBeGreaterThan(20);
    }
  });
});
