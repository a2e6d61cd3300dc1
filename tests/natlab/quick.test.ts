import { afterAll, beforeAll, expect, it } from "vitest";
import { Lab } from "./lab/lab.ts";
import { namespaceObstacle } from "./lab/namespace.ts";
import { quickPlan } from "./runs/plan.ts";
import { type Outcome, runAll } from "./runs/run-all.ts";

/** Most of what the lab does is to wait: for the relay's turn, or the end of a cut. */
const jobs = 4;

const obstacle = namespaceObstacle();
let lab: Lab | undefined;
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  if (obstacle !== undefined) return console.warn(`Left out: ${obstacle}`);
  lab = await Lab.open();
  const done = (outcome: Outcome) => outcomes.set(outcome.name, outcome);
  await runAll(lab, quickPlan(), { jobs, settleMs: 0, lossPercent: undefined, done });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const names = (type: Outcome["type"]) => quickPlan().flatMap((run) => (run.type === type ? [run.name] : []));

// Left out, it counts as failed where nothing may be.
it.skipIf(obstacle !== undefined).each(names("cell"))("%s: ends in a link that works", (name) => {
  expect(outcomes.get(name)?.outcome).toMatchObject({
    failure: undefined,
    path: expect.stringMatching(/direct|relay/),
  });
});

it.skipIf(obstacle !== undefined).each(names("transfer"))("%s: loses nothing, and repeats nothing", (name) => {
  expect(outcomes.get(name)?.outcome).toMatchObject({
    failure: undefined,
    path: expect.stringMatching(/direct|relay/),
  });
});
