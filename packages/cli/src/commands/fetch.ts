import { Command, InvalidArgumentError } from "commander";
import type { FetchCommandOptions } from "../share/fetch.js";
import { parseName, parseRoom, parseSeconds, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein fetch`. */
export function fetchCommand(): Command {
  return new Command("fetch")
    .description(
      "Fetch a file that somebody in the room shares (`skein share`), from all who have it at once. Each piece is checked against the id as it comes; " +
        "stopped or killed, the same command again goes on from what has come.",
    )
    .argument("<id>", "what `skein share` told: 64 characters of 0-9 a-f", parseId)
    .requiredOption("-r, --room <room>", "the room to join", parseRoom)
    .option(
      "-o, --output <folder>",
      "where it goes, under the name that its holder gives it; made where it is missing",
      ".",
    )
    .option("--as <name>", "another name for it")
    .option("--overwrite", "replace a file of that name")
    .option("--wait <seconds>", "how long to wait while nobody has it", parseSeconds, 30)
    .addOption(serverOption())
    .addOption(serverOrderOption())
    .addOption(relayOption())
    .option("-n, --name <name>", "a name for people, shown to others", parseName)
    .option("--identity <file>", "be the same peer each time: the file is made where it is missing")
    .option(
      "--secret-file <file>",
      "the room's secret (make one with `skein secret`): whoever lacks it can't be linked to",
    )
    .option("--token-file <file>", "a token for servers that ask for one; read again at each connection")
    .option("--json", "tell what happens as lines of JSON on stdout")
    .addHelpText(
      "after",
      `
Examples:
  $ skein fetch 0869bba57b8815f3b96cb539c0673173b244921234771d3585069c4723110006 --room lab
  $ skein fetch "$ID" --room lab --output ~/Downloads --as model.bin

With --json, lines out: joined, progress, dropped, fetched, error

What is under way lies in the folder .skein-artifacts beside it. Nothing is ever written outside of the folder.`,
    )
    .action(async (id: string, options: FetchCommandOptions) => {
      const { fetchArtifact } = await import("../share/fetch.js");
      await fetchArtifact(id, options);
    });
}

function parseId(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError("An id has 64 characters of 0-9 a-f, as `skein share` tells it.");
}
