import { accessSync, constants, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import Table from "cli-table3";
import { markdownTable } from "markdown-table";
import type { Bench } from "./bench.ts";
import type { Row } from "./rows.ts";

const head = ["name", "unit", "ours", "peer", "peer's name", "ratio", "mark", "ok"];
const isNumeric = [false, false, true, true, false, true, false, false];

/** The table for a terminal. */
export function formatTable(rows: readonly Row[]): string {
  const table = new Table({
    head,
    colAligns: isNumeric.map((numeric) => (numeric ? "right" : "left")),
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 2 },
    chars: { ...noLines, middle: "" },
  });
  table.push(...rows.map(cellsOf));
  return table.toString().replace(/ +$/gm, "");
}

const noLines = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    ["", "-mid", "-left", "-right"].map((corner) => [`${side}${corner}`, ""]),
  ),
);

/** The table for docs/performance.md. */
export function formatMarkdown(rows: readonly Row[]): string {
  const cells = rows.map(cellsOf).map(([name, ...rest]) => [`\`${name}\``, ...rest]);
  return markdownTable([head, ...cells], { align: isNumeric.map((numeric) => (numeric ? "r" : "l")) });
}

function cellsOf({ name, unit, ours, peer, peerName, ratio, mark, ok }: Row): string[] {
  return [
    name,
    unit,
    formatFigure(ours),
    peer === null ? "–" : formatFigure(peer),
    peerName ?? "–",
    ratio === null ? "–" : ratio.toFixed(2),
    mark ?? "–",
    mark === null ? "–" : ok ? "yes" : "no",
  ];
}

/** Thousands apart, and no more digits than can be true. */
function formatFigure(figure: number): string {
  return figure.toLocaleString("en", { maximumSignificantDigits: figure >= 1000 ? 4 : 3 });
}

/** On what the figures were made. */
export function describeMachine(): string {
  const cores = availableParallelism();
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cores} ${cores === 1 ? "core" : "cores"}`;
}

/** What `--list` prints. */
export function formatList(benches: readonly Bench[]): string {
  return benches
    .map(({ name, rounds, rows }) => {
      const quick = rounds.quick === 0 ? "not with --quick" : `${rounds.quick} with --quick`;
      const lines = rows.map((row) => `  ${row.name} (${row.unit}, ${row.better} is better)\n      ${row.about}`);
      return [`${name}: ${rounds.full} rounds, ${quick}`, ...lines].join("\n");
    })
    .join("\n\n");
}

/**
 * Whether a file can be written there: to be asked before minutes are spent on what it is to hold.
 * @throws {Error} where it can't, with a sentence.
 */
export function ensureWritable(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch {
    throw new Error(`${file} can't be written: give a file in a folder that exists and is yours to write to.`);
  }
}

/** Writes the rows as JSON: the whole file, or none. */
export function writeJson(file: string, rows: readonly Row[]): void {
  const unfinished = `${file}.${process.pid}.part`;
  try {
    writeFileSync(unfinished, `${JSON.stringify(rows, null, 2)}\n`);
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
