import { expect, it } from "vitest";
import { retryAfterMs } from "./retry.js";

it("waits longer each time, up to 15 s, and never less than half of that", () => {
  expect([1, 2, 3, 4, 5, 50].map((attempt) => retryAfterMs(attempt, 1))).toEqual([
    1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
  ]);
  expect(retryAfterMs(1, 0)).toBe(500);
});
