import { expect, it } from "vitest";
import { type Check, mustBe, Skipped, section } from "./check.js";
import { type CheckResult, countVerdicts, runChecks, selectChecks } from "./run-checks.js";

interface World {
  readonly number: number;
}

const checks: readonly Check<World>[] = [
  ...section<World>("page.md: One", {
    "is as it must be": async () => {},
    "isn't as it must be": async () => mustBe(false, "this", "that"),
    "(should) isn't as it should be": async () => mustBe(false, "this", "that"),
  }),
  ...section<World>("page.md: Two", {
    "isn't there": async () => {
      throw new Skipped("it need not be");
    },
    "breaks down": async () => {
      throw new Error("out of order");
    },
  }),
];

function run(only?: Parameters<typeof selectChecks>[1], concurrency = 1): Promise<readonly CheckResult[]> {
  return runChecks({ checks, only, concurrency, open: () => ({ world: { number: 1 }, close: async () => {} }) });
}

it("gives each check the verdict that its end says", async () => {
  expect((await run()).map(({ verdict }) => verdict)).toEqual([
    { is: "passed" },
    { is: "failed", expected: "this", came: "that" },
    { is: "advised", expected: "this", came: "that" },
    { is: "skipped", because: "it need not be" },
    { is: "failed", expected: "a check that runs to its end", came: "out of order" },
  ]);
});

it("counts them", async () => {
  expect(countVerdicts(await run())).toEqual({ passed: 1, failed: 2, advised: 1, skipped: 1 });
});

it("gives each check a world of its own, and closes it", async () => {
  let opened = 0;
  let closed = 0;
  const open = () => ({ world: { number: ++opened }, close: async () => void closed++ });
  await runChecks({ checks, open });
  expect([opened, closed]).toEqual([checks.length, checks.length]);
});

it("tells results in the order of the checks, whichever ends first", async () => {
  const ends: (() => void)[] = [];
  const slow = section<World>("page.md: Slow", {
    first: () => new Promise<void>((resolve) => ends.push(resolve)),
    second: async () => ends[0]?.(),
  });
  const told: string[] = [];
  const open = () => ({ world: { number: 1 }, close: async () => {} });
  await runChecks({ checks: slow, open, concurrency: 2, onResult: ({ name }) => told.push(name) });
  expect(told).toEqual(["first", "second"]);
});

it("runs only what is asked for", async () => {
  expect((await run("page.md: two")).map(({ name }) => name)).toEqual(["isn't there", "breaks down"]);
  expect(selectChecks(checks, "must be")).toHaveLength(2);
  expect(selectChecks(checks, ({ name }) => name === "breaks down")).toHaveLength(1);
});
