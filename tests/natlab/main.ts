import { constants as access, accessSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, resolve } from "node:path";
import { styleText } from "node:util";
import { CommanderError } from "commander";
import { type Arguments, parseArguments } from "./arguments.ts";
import { Lab } from "./lab/lab.ts";
import { namespaceObstacle } from "./lab/namespace.ts";
import { describeMachine, formatLine, formatMarkdown } from "./report.ts";
import { choose, fullPlan, quickPlan, type Run } from "./runs/plan.ts";
import { type Outcome, runAll } from "./runs/run-all.ts";

/** An attempt at a direct path has 15 s; the relay is there after 10. */
const settleMs = 6_000;

// The lab takes itself away as the process ends.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

// Nothing that a failed run may have left open is to keep us here.
process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await work(parseArguments(argv));
  } catch (error) {
    // It has said what was wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function work(asked: Arguments): Promise<number> {
  const plan = choose(asked.quick ? quickPlan() : fullPlan(), asked.only);
  if (plan.length === 0)
    throw new Error(`No run has ${asked.only.join(" or ")} in its name: --list shows all of them.`);
  if (asked.list) {
    console.log(plan.map(({ name }) => name).join("\n"));
    return 0;
  }
  const obstacle = namespaceObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  if (asked.json !== undefined) accessSync(dirname(resolve(asked.json)), access.W_OK);
  const outcomes = await perform(plan, asked);
  tell(outcomes, asked);
  return outcomes.every(isGood) ? 0 : 1;
}

async function perform(plan: readonly Run[], { jobs, loss }: Arguments): Promise<Outcome[]> {
  await using lab = await Lab.open();
  let count = 0;
  const done = (outcome: Outcome) => {
    const line = `[${++count}/${plan.length}] ${formatLine(outcome)}`;
    console.error(isGood(outcome) ? line : styleText("red", line, { stream: process.stderr }));
    if (!isGood(outcome)) console.error(outcome.outcome.failure);
  };
  return await runAll(lab, plan, { jobs, settleMs, lossPercent: loss, done });
}

function tell(outcomes: readonly Outcome[], { markdown, json }: Arguments): void {
  const failed = outcomes.filter((outcome) => !isGood(outcome)).length;
  const sum = failed === 0 ? "Every pair is linked, and nothing was lost." : `${failed} of ${outcomes.length} failed.`;
  console.log(markdown ? formatMarkdown(outcomes) : `${outcomes.map(formatLine).join("\n")}\n\n${sum}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: describeMachine(), outcomes }, null, 2)}\n`);
}

function isGood({ outcome }: Outcome): boolean {
  return outcome.failure === undefined && outcome.path !== undefined;
}
