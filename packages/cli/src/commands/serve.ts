import { Command } from "commander";
import type { ServeOptions } from "../serve.js";
import { parseByteRate, parseIceServer, parseOrigin, parsePort, parseSeconds } from "./options.js";

/** `skein serve`. */
export function serveCommand(): Command {
  return new Command("serve")
    .description(
      "Run a server: rooms in which peers find each other. It forwards sealed envelopes and can read none of them; once " +
        "peers are linked, they talk without it.",
    )
    .option("-p, --port <number>", "the port to listen on; 0 takes any that is free", parsePort, 7700)
    .option("--or-next", "where the port is in use, take the next one that is free")
    .option(
      "--host <address>",
      "the address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all who reach it",
      "127.0.0.1",
    )
    .option("--path <path>", "where the WebSocket is", "/skein")
    .option(
      "--ice <url...>",
      "STUN and TURN servers that clients are told of (default: a public STUN server; none where the address is this machine's own)",
      parseIceServer,
    )
    .option(
      "--ice-file <file>",
      'the same from a file, with passwords: [{"urls":["turn:…"],"username":"…","credential":"…"}]',
    )
    .option(
      "--allow-origin <origin...>",
      "whose web pages may connect, such as https://example.org; \"self\" is this server's own page (default: everyone's)",
      parseOrigin,
    )
    .option(
      "--relay-rate <bytes>",
      "how many bytes a second one client may relay through the server, such as 512K or 10M; what comes faster waits (default: 4M)",
      parseByteRate,
    )
    .option("--stats <seconds>", "tell every so often what the server holds and has passed on", parseSeconds)
    .option("--page", "serve the demo's web page at /")
    .option("--json", "write events as lines of JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ skein serve
  $ skein serve --host 0.0.0.0 --port 8080 --ice stun:stun.example.org:3478
  $ skein serve --port 0 --json     its first line tells the address

GET /healthz answers {"ok":true,…}. SIGTERM or Ctrl-C stops it; links between peers live on.`,
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import("../serve.js");
      await serve(options);
    });
}
