import { SkeinError } from "@skein/protocol";
import { Command } from "commander";
import { serveSettings } from "../config/serve-settings.js";
import { addSettings, resolveSettings } from "../config/settings.js";
import type { ServeOptions } from "../serve/options.js";

/** `skein serve`. */
export function serveCommand(): Command {
  const command = new Command("serve").description(
    "Run a server: rooms in which peers find each other. It forwards sealed envelopes and can read none of them; once " +
      "peers are linked, they talk without it.",
  );
  return addSettings(command, serveSettings)
    .addHelpText(
      "after",
      `
Each setting may also come from the environment, by the name in brackets, or from the file of --config; a flag goes first.

Examples:
  $ skein serve
  $ skein serve --host 0.0.0.0 --port 8080 --auth-key lab.pub
  $ skein serve --host 0.0.0.0 --open     anyone may join, and relay
  $ skein serve --host 0.0.0.0 --open --turn     with TURN beside it, by coturn (docs/guide/turn.md)
  $ skein serve --backplane redis://10.0.0.5     one of several nodes (docs/scale.md)
  $ skein serve --port 0 --json           its first line tells the address
  $ SKEIN_PORT=8080 skein serve --config /etc/skein.json

GET /healthz answers {"ok":true,…}, /readyz whether newcomers are taken. SIGTERM or Ctrl-C stops it; links between peers live on.`,
    )
    .action(async (flags: Readonly<Record<string, unknown>>) => {
      const options = settled(command, flags);
      const { serve } = await import("../serve.js");
      await serve(options);
    });
}

/** What can't be used is wrong usage, wherever it came from. */
function settled(command: Command, flags: Readonly<Record<string, unknown>>): ServeOptions {
  try {
    return resolveSettings(serveSettings, flags, process.env);
  } catch (error) {
    return command.error(`error: ${SkeinError.from(error, "bad-argument").message}`, { exitCode: 2 });
  }
}
