import { runScenario, type Scenario, type SoakResult, WorldFailure } from "@skein/testing";

/** A scenario that broke a promise. */
export interface Failed {
  readonly seed: number;
  readonly step: number;
  readonly reason: string;
  readonly trace: readonly string[];
}

/** Plays a scenario. @param tell gets each line of its trace as it comes */
export async function play(scenario: Scenario, tell?: (line: string) => void): Promise<SoakResult | Failed> {
  try {
    return await runScenario(scenario, tell === undefined ? {} : { tell });
  } catch (error) {
    if (!(error instanceof WorldFailure)) throw error;
    const { step, reason, trace } = error;
    return { seed: scenario.seed, step, reason, trace };
  }
}
