import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { type Chapters, checks } from "./checks.ts";
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
const scratch = mkdtempSync(join(tmpdir(), "skein-deploy-try-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
console.error("Making a bare Debian, and what it finds in place of the internet …");
const stage = await Stage.open({ scratch, suite: asked.suite });
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    isStopped = true;
    void stage.close().finally(() => process.exit(128 + constants.signals[signal]));
  });
}
const failed = await tryAll();
await stage.close();
console.log(failed === 0 ? "The guide leads there." : `${failed} of it failed.`);
process.exit(failed === 0 ? 0 : 1);

/** Gives how many failed. */
async function tryAll(): Promise<number> {
  let count = 0;
  for (const { name, check } of checks(stage, chaptersOf(readFileSync("docs/guide/deploy.md", "utf8")), type)) {
    const outcome = await check().then(
      (seen) => `✓ ${name}: ${seen}`,
      (error: unknown) => `✗ ${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
    if (isStopped) break;
    if (outcome.startsWith("✗")) count++;
    console.log(outcome);
  }
  return count;
}

/** Of two ways, that which was asked for. */
function chaptersOf(markdown: string): Chapters {
  const guide = commandsOf(markdown);
  const other = asked.proxy === "caddy" ? /^nginx/ : /^Caddy/;
  const first = guide.filter(({ under: headings }) => headings.length === 0);
  return {
    toBrowsers: [...first, ...under(guide, /^[1-6]\. /, other)],
    turn: under(guide, /^7\. /),
    firewall: under(guide, /^A firewall/),
  };
}

/** Gives what the last of it wrote. */
async function type(commands: readonly Commands[]): Promise<string> {
  let last = "";
  for (const { text } of commands) {
    if (!asked.verbose) console.error(styleText("dim", text.trimEnd(), { stream: process.stderr }));
    last = await stage.debian.type(text, (line) => asked.verbose && console.error(line));
  }
  return last;
}
