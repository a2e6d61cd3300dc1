#!/usr/bin/env node
import { exitCodes, run } from "./program.js";

process.stdout.on("error", (error: Error & { readonly code?: string }) => {
  // Whoever read what we write, or their terminal, may be gone: that is no reason to fail.
  if (error.code === "EPIPE" || error.code === "EIO") return;
  process.stderr.write(`skein: What there was to say can't be written (${error.code}): is the disk full?\n`);
  process.exit(exitCodes.failed);
});
process.exitCode = await run(process.argv.slice(2));
