import { expect, it } from "vitest";
import { sampleMs } from "./core/sleep.js";
import { Pulse } from "./pulse.js";
import { TestClock } from "./testing.test-support.js";

it("beats for all on one timer, and holds none once nobody listens", () => {
  const clock = new TestClock();
  const pulse = new Pulse(clock);
  const heard: string[] = [];
  expect(clock.armed).toBe(0);
  const stopFirst = pulse.listen(() => heard.push("first"));
  const stopSecond = pulse.listen(() => heard.push("second"));
  expect(clock.armed).toBe(1);
  clock.advance(sampleMs);
  expect(heard).toEqual(["first", "second"]);
  stopFirst();
  clock.advance(2 * sampleMs);
  expect(heard).toEqual(["first", "second", "second", "second"]);
  stopSecond();
  stopSecond();
  expect(clock.armed).toBe(0);
  pulse.listen(() => heard.push("third"));
  clock.advance(sampleMs);
  expect(heard.at(-1)).toBe("third");
});

it("may be left while it beats", () => {
  const clock = new TestClock();
  const pulse = new Pulse(clock);
  let beats = 0;
  const stop = pulse.listen(() => {
    beats++;
    stop();
  });
  clock.advance(10 * sampleMs);
  expect([beats, clock.armed]).toEqual([1, 0]);
});
