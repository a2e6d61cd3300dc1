import { expect, test } from "vitest";
import { mustHave } from "./must-have.js";

const complaint = (options: object | undefined): string => {
  try {
    mustHave("createLocks", options, "election", "createElection");
    return "none";
  } catch (error) {
    expect(error).toMatchObject({ name: "SkeinError", code: "bad-argument" });
    return (error as Error).message;
  }
};

test("what is missing, or is something else, is named, and so is where it comes from", () => {
  const missing = "createLocks takes as `election` what createElection gave.";
  expect([undefined, {}, { election: undefined }, { election: "main" }, { election: null }].map(complaint)).toEqual(
    Array(5).fill(missing),
  );
});

test("a promise that was not awaited is recognised", () => {
  expect(complaint({ election: Promise.resolve({}) })).toBe("createLocks was given a promise as `election`: await it.");
});

test("what is there passes", () => {
  expect(complaint({ election: {} })).toBe("none");
});
