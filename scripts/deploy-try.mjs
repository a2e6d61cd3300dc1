// `npm run deploy:try`: follows docs/guide/deploy.md word for word on a bare Debian in a container, as root on Linux. Installs and builds what
// is missing. `-- --proxy caddy` takes the other way through it, `--suite trixie` another Debian, `--verbose` shows what the commands write.
import { join } from "node:path";
import { installTrialPrograms } from "./install-programs.mjs";
import { Failure, main, node24, prepare, root, run } from "./workspace.mjs";

await main(async () => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Failure("The trial makes networks and a container: it needs Linux, and root.");
  }
  await prepare();
  const obstacle = await installTrialPrograms();
  if (obstacle !== undefined) throw new Failure(obstacle);
  const { code } = await run(node24, [join(root, "tests/deploy/main.ts"), ...process.argv.slice(2)]);
  return code;
});
