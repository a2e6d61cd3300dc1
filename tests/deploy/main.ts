import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { checks } from "./checks.ts";
import { type Commands, commandsOf, under } from "./guide.ts";
import { Stage } from "./stage/stage.ts";

// The guide, followed word for word on a bare Debian, and what must be true at its end. It goes on to the next check where one fails.

const { values: asked } = parseArgs({
  options: {
    proxy: { type: "string", default: "nginx" },
    suite: { type: "string", default: "bookworm" },
    verbose: { type: "boolean", default: false },
  },
});
const guide = commandsOf(readFileSync("docs/guide/deploy.md", "utf8"));
const other = asked.proxy === "nginx" ? /^Caddy/ : /^nginx/;

/** What is typed, in the guide's order: all that comes before the two browsers; then what may be left out. */
export const chapters = {
  toBrowsers: [...guide.filter(({ under: headings }) => headings.length === 0), ...under(guide, /^[1-6]\. /, other)],
  turn: under(guide, /^7\. /),
  firewall: under(guide, /^A firewall/),
};

let failed = 0;
let isStopped = false;
const scratch = mkdtempSync(join(tmpdir(), "skein-deploy-try-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    isStopped = true;
    void stage?.close().finally(() => process.exit(128 + constants.signals[signal]));
  });
}

console.error("Making a bare Debian, and what it finds in place of the internet …");
let stage: Stage | undefined;
stage = await Stage.open({ scratch, suite: asked.suite });
try {
  const type = async (commands: readonly Commands[]): Promise<string> => {
    let last = "";
    for (const { text } of commands) {
      if (!asked.verbose) console.error(styleText("dim", text.trimEnd(), { stream: process.stderr }));
      last = await stage.debian.type(text, (line) => asked.verbose && console.error(line));
    }
    return last;
  };
  for (const { name, check } of checks(stage, chapters, type)) {
    if (isStopped) break;
    try {
      console.log(`✓ ${name}: ${await check()}`);
    } catch (error) {
      failed++;
      console.log(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  await stage.close();
}
console.log(failed === 0 ? "The guide leads there." : `${failed} of it failed.`);
process.exit(failed === 0 ? 0 : 1);
