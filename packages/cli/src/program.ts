import { readFileSync } from "node:fs";
import { SkeinError } from "@skein/protocol";
import { Command, CommanderError } from "commander";
import { adminCommand } from "./commands/admin.js";
import { agentCommand } from "./commands/agent.js";
import { conformanceCommand } from "./commands/conformance.js";
import { demoCommand } from "./commands/demo.js";
import { fetchCommand } from "./commands/fetch.js";
import { joinCommand } from "./commands/join.js";
import { peersCommand } from "./commands/peers.js";
import { receiveCommand } from "./commands/receive.js";
import { secretCommand } from "./commands/secret.js";
import { sendCommand } from "./commands/send.js";
import { serveCommand } from "./commands/serve.js";
import { shareCommand } from "./commands/share.js";
import { simCommand } from "./commands/sim.js";
import { tokenCommand } from "./commands/token.js";
import { createInk } from "./terminal/ink.js";

/** How a command may end. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs the command line; gives the exit code. What goes wrong is one sentence on stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const ink = createInk(process.stderr);
    process.stderr.write(`${ink("red", "skein:")} ${sentenceOf(error)}\n`);
    return exitCodes.failed;
  }
}

function createProgram(): Command {
  const program = new Command("skein")
    .description(
      "Programs that talk to each other directly: find each other in a room, link up over WebRTC, send messages.",
    )
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "show this help; `skein COMMAND --help` shows a command's")
    .helpCommand(false)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText(
      "after",
      `
Begin here:
  $ skein demo                      see three agents find each other and answer you
  $ skein serve                     run a server
  $ skein join lab                  in two terminals: talk to each other
  $ skein join lab --json           the same for programs in any language
  $ skein peers --room lab          watch who is there, and how the links are
  $ skein receive --room lab        take files from \`skein send PATH --room lab\`
  $ skein share PATH --room lab     let everyone in the room fetch files, by their ids

Exit codes: 0 done, 1 failed, 2 wrong usage. NO_COLOR turns colours off.`,
    );
  const commands = [
    serveCommand(),
    joinCommand(),
    sendCommand(),
    receiveCommand(),
    shareCommand(),
    fetchCommand(),
    peersCommand(),
    agentCommand(),
    demoCommand(),
    simCommand(),
    secretCommand(),
    conformanceCommand(),
    tokenCommand(),
    adminCommand(),
  ];
  for (const command of commands) program.addCommand(command.helpOption("-h, --help", "show this help"));
  // A throw instead of an exit, for each of them: what is open gets closed.
  for (const command of [program, ...commands, ...commands.flatMap((command) => command.commands)]) {
    command.exitOverride().showHelpAfterError("(--help shows how)");
  }
  return program;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}

/** For people: no stack, one line. */
function sentenceOf(error: unknown): string {
  const { code, message } = SkeinError.from(error, "bad-argument");
  const hint = code === "server-unreachable" ? " `skein serve` starts one." : "";
  return `${message.replaceAll(/\s*\n\s*/g, " ")}${hint}`;
}
