import { describe, expect, it } from "vitest";
import { sampleMs } from "../core/sleep.js";
import { Pulse } from "../pulse.js";
import { TestClock } from "../testing.test-support.js";
import { ManualWatch } from "./manual-watch.test-support.js";
import { SharedNetwork } from "./shared-network.js";

function shared() {
  const clock = new TestClock();
  const platform = new ManualWatch();
  return { clock, platform, network: new SharedNetwork(platform, clock, new Pulse(clock)) };
}

describe("a room's network", () => {
  it("tells all who listen, in their order, by one watch of the platform's and one timer", () => {
    const { clock, platform, network } = shared();
    const told: string[] = [];
    const stops = ["a", "b"].map((name) => network.watch((reason) => told.push(`${name}: ${reason}`)));
    platform.change("it changed");
    expect(told).toEqual(["a: it changed", "b: it changed"]);
    expect([platform.watched, clock.armed]).toEqual([1, 1]);
    stops[0]?.();
    stops[0]?.();
    platform.change("again");
    expect(told.slice(2)).toEqual(["b: again"]);
    stops[1]?.();
    expect([platform.watched, clock.armed]).toEqual([0, 0]);
  });

  it("says what the platform knows of being online", () => {
    const { platform, network } = shared();
    platform.isOnline = false;
    expect(network.isOnline).toBe(false);
  });

  it("tells each sleep once, whichever clock shows it, and nothing else", () => {
    const { clock, network } = shared();
    const told: string[] = [];
    const stop = network.watch((reason) => told.push(reason));
    const sleeps: readonly [what: () => void, told: number][] = [
      [() => clock.advance(10 * sampleMs), 0],
      [() => clock.sleep(3_600_000, "monotonic clock stands still"), 1],
      [() => clock.advance(10 * sampleMs), 1],
      [() => clock.sleep(3_600_000, "both clocks go on"), 2],
      [() => clock.advance(10 * sampleMs), 2],
      [() => clock.setWallBack(3_600_000), 2],
      [() => clock.advance(10 * sampleMs), 2],
      // A hidden tab's timers.
      [() => clock.sleep(60_000, "both clocks go on"), 2],
    ];
    for (const [what, count] of sleeps) {
      what();
      clock.advance(sampleMs);
      expect(told).toHaveLength(count);
    }
    expect(new Set(told)).toEqual(new Set(["the computer slept"]));
    stop();
  });

  it("holds nothing against a time in which nobody listened", () => {
    const { clock, network } = shared();
    const told: string[] = [];
    network.watch(() => {})();
    clock.sleep(3_600_000, "both clocks go on");
    const stop = network.watch((reason) => told.push(reason));
    clock.advance(sampleMs);
    expect(told).toEqual([]);
    stop();
  });
});
