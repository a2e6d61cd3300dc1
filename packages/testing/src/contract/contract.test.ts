import { describe, expect, it } from "vitest";
import { type EngineName, engineProfiles } from "../rtc/profile.js";
import { engineDifferences, knownOfSimulation, simulationDepartures } from "./differences.js";
import { engineContract } from "./engine-contract.js";
import { runSimulatedCase } from "./sim-platform.js";

const engines = Object.keys(engineProfiles) as EngineName[];

describe("the contract of engines", () => {
  describe.each(engines)("on the simulation of %s", (engine) => {
    it.each(engineContract.map((contractCase) => [contractCase.name, contractCase] as const))(
      "%s",
      async (name, contractCase) => {
        expect(await runSimulatedCase(contractCase, engine)).toBe(knownOfSimulation(name, engine));
      },
    );
  });

  it("calls each case by a name of its own, and knows differences of those alone", () => {
    const names = engineContract.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const difference of [...engineDifferences, ...simulationDepartures]) expect(names).toContain(difference.case);
  });

  it("names each difference of an engine once", () => {
    for (const list of [engineDifferences, simulationDepartures]) {
      const keys = list.flatMap((one) => one.engines.map((engine) => `${engine}: ${one.case}`));
      expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
    }
  });
});
