import { Command } from "commander";
import type { JoinCommandOptions } from "../join/join.js";
import { parseName, parseProtocol, parseRoom, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein join`. */
export function joinCommand(): Command {
  return new Command("join")
    .description(
      "Join a room. On a terminal: talk to whoever is there, vote, and take turns (/help). With --json: the room as lines of JSON on stdin and stdout, so that a " +
        "program in any language can be an agent (docs/guide/embedding.md).",
    )
    .argument(
      "<room>",
      "the room's name; whoever joins the same name on the same server is in the same room",
      parseRoom,
    )
    .addOption(serverOption())
    .addOption(serverOrderOption())
    .addOption(relayOption())
    .option("-n, --name <name>", "a name for people, shown to others", parseName)
    .option(
      "--identity <file>",
      "be the same peer each time: the file is made where it is missing, readable by you alone",
    )
    .option(
      "--secret-file <file>",
      "the room's secret (make one with `skein secret`): whoever lacks it can't be linked to",
    )
    .option("--token-file <file>", "a token for servers that ask for one; read again at each connection")
    .option(
      "-p, --protocol <name@version>",
      "a protocol that your program speaks; more than once for more",
      parseProtocol,
    )
    .option("--json", "speak lines of JSON on stdin and stdout; the end of stdin leaves the room")
    .option("--agree", "with --json: take part in the room's election, its votes and its locks, as a chat does")
    .addHelpText(
      "after",
      `
Examples:
  $ skein join lab                                  chat with whoever joins lab too
  $ skein join lab --name ada --identity ada.key    be the same peer each time
  $ echo '{"op":"peers","id":1}' | skein join lab --json
  $ skein join lab --json --protocol acme.chat@1.0.0
  $ skein join lab --json --agree                   who leads, votes, locks: as lines of JSON

With --json, lines in:  send, broadcast, request, respond, handle, peers, update, leave;
                        with --agree also leader, resign, propose, decide, vote, lock, unlock
               lines out: joined, peer-joined, peer-connected, message, request, response, sent, error …`,
    )
    .action(async (room: string, options: JoinCommandOptions) => {
      const { join } = await import("../join/join.js");
      await join(room, options);
    });
}
