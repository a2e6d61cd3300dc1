// `npm run sim`: installs and builds what is missing, then plays scenarios in the simulated world, by a process for each
// core unless told otherwise. All arguments are those of `skein sim`: --help shows them.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { main, node24, prepare, root, run } from "./workspace.mjs";

await main(async () => {
  const args = process.argv.slice(2);
  await prepare();
  const jobs = args.some((arg) => /^--(jobs|seed)\b/.test(arg)) ? [] : ["--jobs", String(availableParallelism())];
  const { code } = await run(node24, [join(root, "packages/cli/dist/esm/main.js"), "sim", ...jobs, ...args]);
  return code;
});
