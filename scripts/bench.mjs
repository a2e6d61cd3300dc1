// `npm run bench`: installs and builds what is missing, then measures. All arguments are the bench's: --help shows them.
import { join } from "node:path";
import { installBrowsers, installServers } from "./install-programs.mjs";
import { main, node24, prepare, root, run, say } from "./workspace.mjs";

/** Benches that run in Node alone, by how their names begin or end. */
const inNodeAlone = /^(server|backplane|return|page|simulation)|-node-node/;

/** What only asks needs no browser, and neither does a choice of benches without one. */
function needsBrowser(args) {
  if (args.some((arg) => ["--help", "-h", "--list"].includes(arg))) return false;
  const names = args.flatMap((arg, index) => {
    if (arg.startsWith("--only=")) return [arg.slice("--only=".length)];
    return args[index - 1] === "--only" ? [arg] : [];
  });
  return names.length === 0 || names.some((name) => !inNodeAlone.test(name));
}

await main(async () => {
  const args = process.argv.slice(2);
  await prepare();
  if (needsBrowser(args)) {
    const obstacle = await installBrowsers();
    if (obstacle !== undefined) say(`The benches in browsers may fail. ${obstacle}`);
  }
  const missing = await installServers();
  if (missing !== undefined) say(`The benches of backplanes may fail. ${missing}`);
  const { code } = await run(node24, [join(root, "bench/src/main.ts"), ...args], {
    // The file that it writes is named from where its user stands, not from the repository.
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  return code;
});
