import { Command } from "commander";
import type { ShareOptions } from "../share/share.js";
import { parseName, parseRoom, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein share`. */
export function shareCommand(): Command {
  return new Command("share")
    .description(
      "Share files with everyone in a room, by what they are: each has an id made of its content, by which `skein fetch` gets it from whoever " +
        "has it, from several at once. Serves them where they lie, nothing is copied, until Ctrl-C.",
    )
    .argument("<path...>", "files and folders; of a folder each file by itself")
    .requiredOption("-r, --room <room>", "the room to join", parseRoom)
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
  $ skein share model.bin --room lab
  $ skein share photos --room lab --secret-file lab.secret
  $ skein share build.tar --room lab --json | jq -r 'select(.event == "shared").id'

With --json, lines out: joined, progress, shared, ready, served, closed, error

Everyone in the room can fetch what is shared, and sees the names. A file that is changed afterwards is no longer given.`,
    )
    .action(async (paths: string[], options: ShareOptions) => {
      const { share } = await import("../share/share.js");
      await share(paths, options);
    });
}
