import { Command } from "commander";
import type { PeersOptions } from "../peers/peers.js";
import { parseName, parseRoom, relayOption, serverOption, serverOrderOption } from "./options.js";

/** `skein peers`. */
export function peersCommand(): Command {
  return new Command("peers")
    .description(
      "Watch who is in a room, and how the links to them are: path, round trip, bytes, messages, and what happened last. It joins " +
        "as a peer of its own that says nothing, so what it shows are its own links, not those of the others to each other.",
    )
    .requiredOption("-r, --room <room>", "the room to watch", parseRoom)
    .addOption(serverOption())
    .addOption(serverOrderOption())
    .addOption(relayOption())
    .option(
      "--once",
      "print one table once the links are there, after 15 seconds at most; without a terminal always so",
    )
    .option("--json", "tell a line of JSON each second, or with --once one")
    .option("-n, --name <name>", "a name for people, shown to others", parseName, "observer")
    .option("--identity <file>", "be the same peer each time: the file is made where it is missing")
    .option(
      "--secret-file <file>",
      "the room's secret (make one with `skein secret`): whoever lacks it can't be linked to",
    )
    .option("--token-file <file>", "a token for servers that ask for one; read again at each connection")
    .addHelpText(
      "after",
      `
Examples:
  $ skein peers --room lab                  a table that is drawn anew each second; Ctrl-C ends
  $ skein peers --room lab --once           one table
  $ skein peers --room lab --json | jq 'select(.event == "stats") | .perPeer[] | [.name, .path, .rttMs]'

Columns: PATH direct or relay · ENDS our and their kind of ICE candidate on the direct path (host: the machine's own address,
srflx, prflx: behind a NAT, relay: a TURN server) · RTT the round trip · IN, OUT bytes a second over the last 10 s · MESSAGES in/out ·
RELAYED bytes through the server both ways. A narrow terminal shows fewer.

With --json, lines out: joined, stats, left, error`,
    )
    .action(async (options: PeersOptions) => {
      const { watchPeers } = await import("../peers/peers.js");
      await watchPeers(options);
    });
}
