import { Argument, Command, Option } from "commander";
import type { ConformanceOptions, PeerOptions } from "../conformance/conformance.js";
import { parseRoom, parseSeconds, parseServer, serverOption } from "./options.js";

/** `skein conformance`. */
export function conformanceCommand(): Command {
  return new Command("conformance")
    .helpCommand(false)
    .description(
      "Hold a server or a peer of any make, in any language, against the specification: play the other side, say what it " +
        "keeps, section by section, and what came where something else was due.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ skein conformance server ws://127.0.0.1:7700/skein
  $ skein conformance peer --room lab                     a peer in that room, which speaks skein.conformance
  $ skein conformance server URL --json | jq -c 'select(.is == "failed")'

What the peer has to speak, and the vectors for everything with bytes: docs/guide/conformance.md

Exit codes: 0 nothing failed, 1 something did, 2 wrong usage.`,
    )
    .addCommand(serverCommand())
    .addCommand(peerCommand());
}

function serverCommand(): Command {
  const command = new Command("server")
    .helpOption("-h, --help", "show this help")
    .description("Play clients against a server, in rooms of their own.")
    .addArgument(new Argument("<url>", "where its WebSocket is").argParser(parseServer))
    .action(async (url: string, options: ConformanceOptions) => {
      const { conformServer } = await import("../conformance/conformance.js");
      await conformServer(url, options);
    });
  return withShared(command).addHelpText(
    "after",
    `
Examples:
  $ skein conformance server ws://127.0.0.1:7700/skein
  $ skein conformance server wss://example.org/skein --only "server.md: Presence"
  $ skein conformance server wss://example.org/skein --list

It takes some seconds more than the server keeps places. Don't run it against a server that others use: it misbehaves.`,
  );
}

function peerCommand(): Command {
  const command = new Command("peer")
    .helpOption("-h, --help", "show this help")
    .description("Play visitors to a peer that sits in a room and speaks the test protocol skein.conformance.")
    .requiredOption("-r, --room <room>", "the room that it sits in", parseRoom)
    .addOption(serverOption())
    .option("--peer <id>", "its id, where several peers there speak skein.conformance")
    .addOption(
      new Option("--path <path>", "the paths to test: direct ones, the relay, or both")
        .choices(["both", "direct", "relay"])
        .default("both"),
    )
    .option("--secret-file <file>", "the room's secret, where it has one")
    .action(async (options: PeerOptions) => {
      const { conformPeer } = await import("../conformance/conformance.js");
      await conformPeer(options);
    });
  return withShared(command).addHelpText(
    "after",
    `
Examples:
  $ skein conformance peer --room lab
  $ skein conformance peer --room lab --server wss://example.org/skein --path relay
  $ skein conformance peer --room lab --only resum

What a peer lacks that it may lack (streams, the lossy lane, the relay) is skipped, and said.`,
  );
}

function withShared(command: Command): Command {
  return command
    .option("--only <text>", "only the checks whose section or name has this in it")
    .option("--list", "list the checks, and run none")
    .option("--timeout <seconds>", "how long to wait for what must come", parseSeconds, 10)
    .option("--token-file <file>", "a token for servers that ask for one")
    .option("--json", "tell results as lines of JSON: a check each, and a summary");
}
