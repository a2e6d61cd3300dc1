import { Command } from "commander";
import type { ReceiveOptions } from "../transfer/receive.js";
import { parseName, parseRoom, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein receive`. */
export function receiveCommand(): Command {
  return new Command("receive")
    .description(
      "Receive files and folders from `skein send` in the same room. A file gets its name once it is whole and its SHA-256 is right; " +
        "until then it is a hidden .NAME.skein-part, and the same command again goes on from it.",
    )
    .argument("[folder]", "where they go; made where it is missing", ".")
    .requiredOption("-r, --room <room>", "the room to join", parseRoom)
    .option("-y, --yes", "take what is offered without a question")
    .option("--from <name|id>", "take offers of this peer alone: its name, or its id or the first 8 characters of it")
    .option(
      "--overwrite",
      "replace files of the same name that differ; without it they stay, and the new ones are refused",
    )
    .option("--keep-open", "wait for the next offer after each, until Ctrl-C")
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
    .option("--json", "tell what happens as lines of JSON on stdout; wants --yes")
    .addHelpText(
      "after",
      `
Examples:
  $ skein receive --room lab
  $ skein receive inbox --room lab --yes --keep-open --name inbox
  $ skein receive ~/Downloads --room lab --from ada --secret-file lab.secret

With --json, lines out: joined, offered, declined, progress, settled, lost, received, error

Nothing is ever written outside of the folder. With --yes whoever can join the room can fill your disk: use --secret-file.`,
    )
    .action(async (folder: string, options: ReceiveOptions) => {
      const { receive } = await import("../transfer/receive.js");
      await receive(folder, options);
    });
}
