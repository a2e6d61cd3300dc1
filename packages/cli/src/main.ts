#!/usr/bin/env node
import { nodeComplaint } from "./node-version.js";

const complaint = nodeComplaint(process.versions.node);
if (complaint === undefined) await start();
else {
  process.stderr.write(`skein: ${complaint}\n`);
  process.exitCode = 2;
}

/** Loads the rest only here: some of it can't even be read by a Node that is too old. */
async function start(): Promise<void> {
  const { exitCodes, run } = await import("./program.js");
  process.stdout.on("error", (error: Error & { readonly code?: string }) => {
    // Whoever read what we write, or their terminal, may be gone: that is no reason to fail.
    if (error.code === "EPIPE" || error.code === "EIO") return;
    process.stderr.write(`skein: What there was to say can't be written (${error.code}): is the disk full?\n`);
    process.exit(exitCodes.failed);
  });
  process.exitCode = await run(process.argv.slice(2));
}
