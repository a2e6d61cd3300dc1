import { Command, InvalidArgumentError } from "commander";
import type { Bench, Scale } from "./bench.ts";

/** What was asked for on the command line. */
export interface Arguments {
  readonly json?: string;
  readonly scale: Scale;
  /** Names of benches or rows, or how some of them begin. Empty: all. */
  readonly only: readonly string[];
  readonly list: boolean;
  readonly markdown: boolean;
  readonly strict: boolean;
}

/**
 * Reads the command line.
 * @throws {CommanderError} where it can't be understood, and after help was written: `exitCode` tells the two apart.
 */
export function parseArguments(argv: readonly string[], write: Partial<WriteTo> = {}): Arguments {
  const program = new Command("npm run bench --")
    .description("Measures Skein beside others, all in one run, and prints a table of medians and ratios.")
    .option("--json <file>", "write the rows to a file, as JSON")
    .option("--quick", "fewer rounds, smaller loads: to see that everything works", false)
    .option(
      "--only <name>",
      "run the bench or row that is called so, else all that begin so; can be given again",
      collect,
      [],
    )
    .option("--list", "say what there is to run, and what each row means", false)
    .option("--markdown", "print the table as docs/performance.md has it", false)
    .option("--strict", "end with exit code 1 where a mark is missed", false)
    .addHelpText("after", examples)
    .configureOutput(write)
    .exitOverride();
  program.parse([...argv], { from: "user" });
  const { quick, ...rest } = program.opts();
  return { ...(rest as Omit<Arguments, "scale">), scale: quick ? "quick" : "full" };
}

interface WriteTo {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

const examples = `
Examples:
  npm run bench -- --quick                     everything, in three minutes
  npm run bench -- --only server --json a.json the benches of the server, with a file for scripts
  npm run bench -- --only open-node-node       one bench

Close other programs first: figures move with whatever else the machine does, ratios move less.`;

function collect(name: string, names: readonly string[]): string[] {
  if (name.trim() === "") throw new InvalidArgumentError("Give a name: --list shows them.");
  return [...names, name.trim()];
}

/** The benches to run, each with the rows that were asked for. Nothing where a name fits none. */
export function choose(benches: readonly Bench[], { only, scale }: Pick<Arguments, "only" | "scale">): Bench[] {
  const names = new Set(benches.flatMap((bench) => [bench.name, ...bench.rows.map(({ name }) => name)]));
  // What is called exactly so is meant, though other names may go on after it.
  const fits = (name: string) => only.some((asked) => (names.has(asked) ? name === asked : name.startsWith(asked)));
  return benches
    .filter(({ rounds }) => rounds[scale] > 0)
    .map((bench) => ({
      ...bench,
      rows: bench.rows.filter(({ name }) => only.length === 0 || fits(bench.name) || fits(name)),
    }))
    .filter(({ rows }) => rows.length > 0);
}
