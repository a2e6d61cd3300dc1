// `npm start`: installs and builds what is missing, then runs the demo. All arguments are the demo's.
import { join } from "node:path";
import { main, node24, prepare, root, run } from "./workspace.mjs";

await main(async () => {
  await prepare();
  const { code } = await run(node24, [join(root, "packages/cli/dist/esm/main.js"), "demo", ...process.argv.slice(2)], {
    // The demo's paths are relative to where its user stands, not to the repository.
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  return code;
});
