#!/usr/bin/env node
import { run } from "./program.js";

// Whoever read what we write may be gone: that is no reason to fail.
process.stdout.on("error", () => {});
process.exitCode = await run(process.argv.slice(2));
