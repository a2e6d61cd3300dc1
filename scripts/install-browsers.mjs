// The browsers that the interoperability tests drive, from Debian's archive.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Failure, main, run, say } from "./workspace.mjs";

const browsers = [
  { name: "chromium", path: "/usr/bin/chromium" },
  { name: "firefox-esr", path: "/usr/bin/firefox-esr" },
];
const apt = "/usr/bin/apt-get";

/** The Debian packages of browsers that aren't here. */
export function missingBrowsers() {
  return browsers.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
}

/** Installs what is missing. Says why where it can't: `undefined` means that all are here. */
export async function installBrowsers() {
  const missing = missingBrowsers();
  if (missing.length === 0) return undefined;
  const names = missing.join(" ");
  if (!existsSync(apt)) return `${names} missing, and there is no apt here to get them`;
  if (process.getuid?.() !== 0) return `${names} missing. To get them: sudo apt-get install ${names}`;
  say(`Installing ${missing.join(" and ")} with apt (some hundred megabytes, once) …`);
  await aptGet("update");
  await aptGet("install", "--yes", "--no-install-recommends", ...missing);
  return undefined;
}

async function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { code, output } = await run(apt, ["--quiet", ...args], { quiet: true, env });
  if (code === 0) return;
  throw new Failure(`${output.trimEnd().split("\n").slice(-20).join("\n")}\napt-get ${args[0]} failed.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const obstacle = await installBrowsers();
    say(obstacle ?? "The browsers are here.");
    return obstacle === undefined ? 0 : 1;
  });
}
