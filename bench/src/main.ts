import { constants } from "node:os";
import { CommanderError } from "commander";
import { type Arguments, choose, parseArguments } from "./arguments.ts";
import type { Bench } from "./bench.ts";
import { benches } from "./benches/index.ts";
import { runBench } from "./harness.ts";
import { ProgressLine } from "./progress.ts";
import { describeMachine, ensureWritable, formatList, formatMarkdown, formatTable, writeJson } from "./report.ts";
import type { Row } from "./rows.ts";

// All children end when this process does: they live on its IPC.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

// Nothing that a failed bench may have left open is to keep us here.
process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await run(parseArguments(argv));
  } catch (error) {
    // It has said what was wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode;
    console.error(messageOf(error));
    return 1;
  }
}

async function run(asked: Arguments): Promise<number> {
  if (asked.list) {
    console.log(formatList(choose(benches, { only: asked.only, scale: "full" })));
    return 0;
  }
  const chosen = choose(benches, asked);
  if (chosen.length === 0) {
    const quick = asked.scale === "quick" ? " that has a quick run" : "";
    throw new Error(`There is no bench called ${asked.only.join(" or ")}${quick}: --list shows all names.`);
  }
  if (asked.json !== undefined) ensureWritable(asked.json);
  const { rows, failures } = await runAll(chosen, asked);
  if (rows.length > 0) show(rows, asked);
  if (asked.json !== undefined) writeJson(asked.json, rows);
  for (const failure of failures) console.error(failure);
  return failures.length > 0 || (asked.strict && rows.some(({ ok }) => !ok)) ? 1 : 0;
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
      failures.push(`${bench.name} failed: ${messageOf(error)}`);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
