import { Command } from "commander";
import type { SendOptions } from "../transfer/send.js";
import { parseName, parseRoom, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein send`. */
export function sendCommand(): Command {
  return new Command("send")
    .description(
      "Send files and folders to whoever runs `skein receive` in the same room, directly. Ends when the receiver has checked the " +
        "SHA-256 of each. Stopped or killed on either side, the same command again goes on from what has come.",
    )
    .argument("<path...>", "files and folders; symbolic links inside folders are left out")
    .requiredOption("-r, --room <room>", "the room to join", parseRoom)
    .option("--to <name|id>", "send to this peer alone: its name, or its id or the first 8 characters of it")
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
  $ skein send photos notes.txt --room lab
  $ skein send backup.tar --room lab --to ada --secret-file lab.secret
  $ skein send build --room lab --json | jq -c 'select(.event == "sent")'

With --json, lines out: joined, waiting, offered, accepted, progress, settled, lost, sent, error

Whoever is in the room and receives can be the one that gets it: use --secret-file, or --to with an id.`,
    )
    .action(async (paths: string[], options: SendOptions) => {
      const { send } = await import("../transfer/send.js");
      await send(paths, options);
    });
}
