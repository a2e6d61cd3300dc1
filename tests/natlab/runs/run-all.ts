import type { Lab } from "../lab/lab.ts";
import { Pair } from "../lab/pair.ts";
import { type CellOutcome, runCell } from "./cell.ts";
import { group } from "./group.ts";
import { engineOf, type Run } from "./plan.ts";
import { runTransfer, type TransferOutcome } from "./transfer.ts";

export type Outcome =
  | { readonly type: "cell"; readonly name: string; readonly outcome: CellOutcome }
  | { readonly type: "transfer"; readonly name: string; readonly outcome: TransferOutcome };

export interface RunAllOptions {
  /** How many pairs of machines are at it at the same time. */
  readonly jobs: number;
  /** As `runCell` has it. */
  readonly settleMs: number;
  readonly lossPercent: number | undefined;
  readonly done: (outcome: Outcome) => void;
}

/** Does it all, the runs of the same engines one after the other: they share two machines. In the order of the plan. */
export async function runAll(lab: Lab, runs: readonly Run[], options: RunAllOptions): Promise<Outcome[]> {
  const outcomes = new Map<Run, Outcome>();
  const groups = [...group(runs, (run) => `${run.type} ${engineOf(run).join()}`).values()];
  const work = async () => {
    for (let runs = groups.shift(); runs !== undefined; runs = groups.shift()) {
      const pair = new Pair(lab, engineOf(runs[0] as Run));
      // The first meeting starts the engines: that takes as long as the computer likes.
      await runCell(lab, pair, { engines: pair.engines, routers: ["open", "open"], hasTurn: false }, 0);
      for (const run of runs) {
        const outcome = await runOne(lab, pair, run, options);
        outcomes.set(run, outcome);
        options.done(outcome);
      }
      await pair.remove();
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return runs.flatMap((run) => outcomes.get(run) ?? []);
}

async function runOne(lab: Lab, pair: Pair, run: Run, { settleMs, lossPercent }: RunAllOptions): Promise<Outcome> {
  const { type, name } = run;
  if (type === "cell") return { type, name, outcome: await runCell(lab, pair, { ...run.cell, lossPercent }, settleMs) };
  return { type, name, outcome: await runTransfer(lab, pair, { ...run.transfer, lossPercent }) };
}
