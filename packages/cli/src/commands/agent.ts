import { Command, Option } from "commander";
import type { AgentCommandOptions } from "../agent/agent.js";
import { parseName, parsePart, parseRoom, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein agent`. */
export function agentCommand(): Command {
  return new Command("agent")
    .description(
      "Run an agent that holds a share of a folder's text files, and answers others who search, list and fetch them. Agents that hold the same part " +
        "stand in for each other; one of them leads, and one that they vote for keeps the index of all files. Hidden files, binary ones and what " +
        ".gitignore names stay out.",
    )
    .requiredOption("-r, --room <room>", "the room to join", parseRoom)
    .requiredOption("--share <folder>", "the folder whose text files it holds")
    .addOption(
      new Option(
        "--part <i/n>",
        "hold the i-th of n parts, or several as i,j/n; which file is in which part depends on its path alone",
      )
        .argParser(parsePart)
        .default({ indexes: [1], of: 1 }, "all of it"),
    )
    .addOption(serverOption())
    .addOption(serverOrderOption())
    .addOption(relayOption())
    .option("-n, --name <name>", "a name for people, shown to others", parseName)
    .option("--secret-file <file>", "the room's secret: whoever lacks it can't be linked to")
    .option("--token-file <file>", "a token for servers that ask for one; read again at each connection")
    .option("--json", "speak lines of JSON on stdin and stdout; the end of stdin leaves the room")
    .addHelpText(
      "after",
      `
Examples:
  $ skein agent --room lab --share docs --name librarian
  $ skein agent --room lab --share . --part 1,2/3    one of three: any part is with two of them, so none is missed when one goes
  $ echo '{"op":"find","id":1,"words":"data channel"}' | skein agent --room lab --share . --json

With --json, lines in:  find, get, locate, list, peers, cancel, leave
               lines out: joined, peer-connected, leader, vote, found, handed-over, progress, got, error …

Whoever can join the room can read these files: use --secret-file, or a server that this machine alone reaches.`,
    )
    .action(async (options: AgentCommandOptions) => {
      const { runAgent } = await import("../agent/agent.js");
      await runAgent(options);
    });
}
