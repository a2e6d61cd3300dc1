import { describe, expect, it } from "vitest";
import { ElectionWorld, type WorldOptions } from "./election-world.test-support.js";

/** `npm run sim:agree` runs many more. */
const runs = Number(process.env.SKEIN_RUNS ?? 150);
const threeBeatsMs = 3_000;

function* worlds(
  options: Omit<WorldOptions, "seed" | "count">,
  count = runs,
): Generator<{ seed: number; world: ElectionWorld }> {
  for (let seed = 1; seed <= count; seed++) {
    yield { seed, world: new ElectionWorld({ seed, count: 3 + (seed % 3), ...options }) };
  }
}

describe("elections through partitions, one-way cuts, crashes, pauses and sleep", () => {
  it.each([
    { quorum: true, takeover: false },
    { quorum: true, takeover: true },
    { quorum: false, takeover: false },
    { quorum: false, takeover: true },
  ])(
    "keep their promises, and have a leader within three beats of quiet: %o",
    (options) => {
      for (const { seed, world } of worlds(options)) {
        world.chaos(20_000);
        world.quiet();
        expect(world.passLed(threeBeatsMs), `seed ${seed}: led within three beats`).toBe(true);
        world.pass(threeBeatsMs);
        // A leader that makes way for a higher rank leaves a moment without one.
        expect(world.passAgreed(threeBeatsMs), `seed ${seed}: all follow one that leads`).toBe(true);
      }
    },
    3_600_000,
  );

  it("has the highest rank lead in the end, where leaders make way", () => {
    for (const quorum of [true, false]) {
      for (const { seed, world } of worlds({ quorum, takeover: true, resigns: false })) {
        world.chaos(10_000);
        world.quiet();
        world.pass(20_000);
        expect(
          world.leaders().map(({ number }) => number % 2),
          `seed ${seed}: the score of who leads`,
        ).toEqual([1]);
      }
    }
  }, 3_600_000);

  it("never has two lead at once, though members that start again have forgotten all", () => {
    for (const { world } of worlds({ quorum: true, takeover: false, remembers: false })) world.chaos(20_000);
  }, 3_600_000);

  it("needs clocks whose rates differ by no more than the margin: beyond it, two may lead at once", () => {
    const beyond = () => {
      // It shows in some worlds alone.
      const options = { quorum: true, takeover: false, clockRatio: 2 };
      for (const { world } of worlds(options, Math.max(runs, 400))) world.chaos(20_000);
    };
    expect(beyond).toThrow(/two lead/);
  }, 3_600_000);
});
