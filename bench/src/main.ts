import { constants } from "node:os";
import { CommanderError } from "commander";
import { type Arguments, choose, parseArguments } from "./arguments.ts";
import type { Bench } from "./bench.ts";
import { benches } from "./benches/index.ts";
import { runBench } from "./harness.ts";
import { ProgressLine } from "./progress.ts";
import { describeMachine, formatList, formatMarkdown, formatTable, writeJson } from "./report.ts";
import type { Row } from "./rows.ts";

// All children end when this process does: they live on its IPC.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

process.exitCode = await main(process.argv.slice(2));
// Nothing that a failed bench may have left open is to keep us here.
process.exit();

async function main(argv: readonly string[]): Promise<number> {
  const asked = readArguments(argv);
  if (typeof asked === "number") return asked;
  if (asked.list) {
    console.log(formatList(choose(benches, { only: asked.only, scale: "full" })));
    return 0;
  }
  const chosen = choose(benches, asked);
  if (chosen.length === 0) {
    console.error(`No bench is called ${asked.only.join(" or ")} here: --list shows their names.`);
    return 1;
  }
  const { rows, failures } = await runAll(chosen, asked);
  if (rows.length > 0) show(rows, asked);
  if (asked.json !== undefined) writeJson(asked.json, rows);
  for (const failure of failures) console.error(failure);
  return failures.length > 0 || (asked.strict && rows.some(({ ok }) => !ok)) ? 1 : 0;
}

/** The exit code, where there is nothing to run. */
function readArguments(argv: readonly string[]): Arguments | number {
  try {
    return parseArguments(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
}

/** One after the other; one that fails doesn't keep the others from running. */
async function runAll(chosen: readonly Bench[], { scale }: Arguments): Promise<{ rows: Row[]; failures: string[] }> {
  const rows: Row[] = [];
  const failures: string[] = [];
  const line = new ProgressLine(process.stderr);
  for (const [index, bench] of chosen.entries()) {
    try {
      rows.push(
        ...(await runBench(bench, scale, ({ done, total, contestant }) =>
          line.show(`[${index + 1}/${chosen.length}] ${bench.name}: ${done} of ${total}, now ${contestant}`),
        )),
      );
    } catch (error) {
      failures.push(`${bench.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      line.clear();
    }
  }
  return { rows, failures };
}

function show(rows: readonly Row[], { markdown, scale }: Arguments): void {
  const quick = scale === "quick" ? "; a quick run, good for nothing but to see that it works" : "";
  console.log(
    markdown
      ? `${formatMarkdown(rows)}\n\n${describeMachine()}${quick}.`
      : `${formatTable(rows)}\n\n${describeMachine()}${quick}.`,
  );
}
