import { expect, it } from "vitest";
import { RateMeter } from "./rate-meter.js";

it("tells the rate over its window, and the best between two samples", () => {
  const meter = new RateMeter(1000);
  expect(meter.rate).toBe(0);
  meter.add(0, 0);
  meter.add(1000, 500);
  expect(meter.rate).toBe(2000);
  meter.add(1500, 1000);
  expect(meter.rate).toBe(1500);
  meter.add(1500, 3000);
  meter.add(1500, 3500);
  expect(meter.rate).toBe(0);
  expect(meter.peak).toBe(2000);
});

it("takes a count that begins anew for silence", () => {
  const meter = new RateMeter();
  meter.add(5000, 0);
  meter.add(0, 250);
  expect(meter.rate).toBe(0);
  expect(meter.peak).toBe(0);
});
