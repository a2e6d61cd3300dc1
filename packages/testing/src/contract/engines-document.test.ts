import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { type EngineDifference, engineDifferences, simulationDepartures } from "./differences.js";
import { engineContract } from "./engine-contract.js";

const document = await readFile(new URL("../../../../docs/engines.md", import.meta.url), "utf8");

/** Every row of the tables in a section. */
function rowsOf(section: string): string[] {
  const text = document.split(/^## /m).find((part) => part.startsWith(section)) ?? "";
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
    .slice(1);
}

function rowOf({ case: name, engines, instead, reason }: EngineDifference): string {
  return `| ${name} | ${engines.join(", ")} | \`${instead}\` | ${reason} |`;
}

it("docs/engines.md has each known difference of an engine, and no other", () => {
  expect(rowsOf("Where engines differ")).toEqual(engineDifferences.map(rowOf));
});

it("docs/engines.md has each departure of a simulation, and no other", () => {
  expect(rowsOf("Where a simulation departs")).toEqual(simulationDepartures.map(rowOf));
});

it("docs/engines.md says how many cases there are", () => {
  expect(document).toContain(`${engineContract.length} cases`);
});
