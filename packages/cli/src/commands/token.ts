import { Command, InvalidArgumentError, Option } from "commander";
import type { TokenCommandOptions } from "../token/token.js";
import { parseDuration, parseRoom } from "./options.js";

/** `skein token`. */
export function tokenCommand(): Command {
  return new Command("token")
    .description(
      "Make a token that lets its bearer into rooms of a server that was started with --auth-key, or the keys for that.",
    )
    .option("-k, --key <file>", "what to sign with: a private key (PEM), or a secret of 32 bytes or more")
    .option("-r, --room <pattern...>", "a room that may be joined; * stands for any run of characters", collectRoom)
    .addOption(
      new Option("--right <right...>", "what it allows (default: all)").choices(["join", "relay", "broadcast"]),
    )
    .option("--peer <id>", "the one peer that may use it (default: whoever has it)", parsePeer)
    .option("--subject <name>", "for whom it is: the same subject is held to one set of limits")
    .option("--issuer <name>", "who issues it")
    .option("--audience <name>", "for which server it is")
    .addOption(
      new Option("--expires <time>", "how long it holds, such as 10m, 12h or 7d")
        .argParser(parseDuration)
        .default(3_600_000, "1h"),
    )
    .option(
      "--new-keys <file>",
      "instead: make a key pair, the private one in this file, the public one beside it as .pub",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ skein token --new-keys lab.key                  lab.key signs; lab.key.pub is for the server
  $ skein serve --host 0.0.0.0 --auth-key lab.key.pub
  $ skein token --key lab.key --room 'lab-*' --expires 12h > ada.token
  $ skein join lab-1 --token-file ada.token

A token is as good as a key to the rooms in it: keep it out of addresses, logs and shell histories.`,
    )
    .action(async (options: TokenCommandOptions) => {
      const { token } = await import("../token/token.js");
      await token(options);
    });
}

function collectRoom(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, parseRoom(text)];
}

function parsePeer(text: string): string {
  if (/^[\w-]{43}$/.test(text)) return text;
  throw new InvalidArgumentError("A peer's id has 43 letters, digits, - and _.");
}
