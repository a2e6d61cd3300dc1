import { Command, InvalidArgumentError } from "commander";

/** What was asked for on the command line. */
export interface Arguments {
  /** Texts of which a run's name must have one. Empty: all. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly list: boolean;
  readonly markdown: boolean;
  readonly json?: string;
  readonly jobs: number;
  readonly loss?: number;
}

/** @throws {CommanderError} where it can't be understood, and after help was written: `exitCode` tells the two apart. */
export function parseArguments(argv: readonly string[]): Arguments {
  const program = new Command("npm run natlab --")
    .description(
      "Puts two agents behind every pair of routers, in networks of its own, on every engine, and tells how they reach each other;\n" +
        "then cuts and moves them in the middle of a transfer. Needs Linux and root.",
    )
    .option("--only <text>", "what has this in its name; can be given again", collect, [])
    .option("--quick", "each pair of routers once, in two minutes or three: what npm test runs", false)
    .option("--list", "say what there is to run", false)
    .option("--markdown", "print the tables as docs/nat.md has them", false)
    .option("--json <file>", "write what came of it to a file, as JSON")
    .option("--jobs <number>", "how many pairs of machines are at it at the same time", number(1, 16), 3)
    .option("--loss <percent>", "lose so many of all packets, either way, on either side", number(0.1, 90))
    .addHelpText("after", examples)
    .exitOverride();
  program.parse([...argv], { from: "user" });
  return program.opts<Arguments>();
}

const examples = `
Examples:
  npm run natlab                                       all of it, in a quarter of an hour
  npm run natlab -- --only matrix/node-node --only cut-5  a column of the matrix, and the cuts of 5 s
  npm run natlab -- --markdown --json natlab.json      the tables of docs/nat.md, and a file for scripts

Exit codes: 0 all is well, 1 something failed or the lab can't run here, 2 the command can't be understood.`;

function collect(text: string, texts: readonly string[]): string[] {
  if (text.trim() === "") throw new InvalidArgumentError("Give a part of a name: --list shows them.");
  return [...texts, text.trim()];
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return value;
  };
}
