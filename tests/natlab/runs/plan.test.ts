import { expect, it } from "vitest";
import { routerPairs } from "./cell.ts";
import { choose, fullPlan, quickPlan } from "./plan.ts";

const namesOf = (runs: ReturnType<typeof fullPlan>) => runs.map(({ name }) => name);

it("the full plan has every pair of routers on every pair of engines, with TURN and without, and no name twice", () => {
  const cells = fullPlan().filter(({ type }) => type === "cell");
  expect(cells).toHaveLength(routerPairs.length * 6 * 2);
  expect(new Set(namesOf(fullPlan())).size).toBe(fullPlan().length);
});

it("the quick plan has every pair of routers, every engine, and a cut of each length", () => {
  const names = namesOf(quickPlan());
  for (const routers of routerPairs)
    expect(names.filter((name) => name.includes(`/${routers.join("+")}/turn`))).toHaveLength(1);
  for (const engine of [
    "node-node",
    "chromium-chromium",
    "firefox-firefox",
    "node-chromium",
    "node-firefox",
    "chromium-firefox",
  ]) {
    expect(names.some((name) => name.startsWith(`matrix/${engine}/`))).toBe(true);
  }
  for (const incident of ["cut-5", "cut-20", "cut-60", "move-"]) {
    expect(names.some((name) => name.startsWith(incident))).toBe(true);
  }
});

it("all of the quick plan is in the full one", () => {
  expect(namesOf(fullPlan())).toEqual(expect.arrayContaining(namesOf(quickPlan())));
});

it("a choice has what any of the texts is in, and everything without a text", () => {
  expect(choose(fullPlan(), [])).toEqual(fullPlan());
  const chosen = namesOf(choose(fullPlan(), ["cut-5", "cone+cone/turn"]));
  expect(chosen).toHaveLength(3 + 6);
  expect(choose(fullPlan(), ["nothing is called so"])).toEqual([]);
});
