import { Command } from "commander";
import type { DemoOptions } from "../demo/demo.js";
import { parsePort } from "./options.js";

/** `skein demo`. */
export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "See it work: a server and three agents, each a process of its own that holds two thirds of a folder's text files. They find each other, link up " +
        "directly, elect a leader, vote for one that keeps the index, and do what you ask. Kill any of them: the others take over.",
    )
    .argument("[path]", "the folder", ".")
    .option("--once", "one search and one fetch without a terminal, then end; exit code 0 where all went well")
    .option(
      "--json",
      "with --once: the last line is one object of JSON. Without: lines of JSON in and out, as `skein agent --json`",
    )
    .option("-p, --port <number>", "the server's port (default: 7700, or the next one that is free)", parsePort)
    .option("-o, --out <folder>", "where fetched files go", "skein-downloads")
    .addHelpText(
      "after",
      `
Examples:
  $ skein demo
  $ skein demo ~/notes --out ~/Downloads
  $ skein demo --once --json | tail -n 1

Commands while it runs: find WORDS, get FILE, kill NAME, peers, help, quit.`,
    )
    .action(async (path: string, options: Omit<DemoOptions, "path">) => {
      const { runDemo } = await import("../demo/demo.js");
      await runDemo({ ...options, path });
    });
}
