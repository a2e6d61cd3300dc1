// `npm run natlab`: installs and builds what is missing, then runs the NAT lab. All arguments are the lab's: --help shows them.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installLabPrograms } from "./install-programs.mjs";
import { Failure, main, node24, prepare, root, run } from "./workspace.mjs";

const lab = join(root, "tests/natlab");

/** Says why the lab can't run here, and gets it what it needs where it can: `undefined` means that all is there. */
export async function prepareLab() {
  const programs = await installLabPrograms();
  const { output } = await run(node24, [join(lab, "obstacle.ts")], { quiet: true });
  // To be root is what the programs would take as well.
  return output.trim() || programs;
}

/** What only asks needs no lab. */
const onlyAsks = (args) => args.some((arg) => ["--help", "-h", "--list"].includes(arg));

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const args = process.argv.slice(2);
    await prepare();
    const obstacle = onlyAsks(args) ? undefined : await prepareLab();
    if (obstacle !== undefined) throw new Failure(obstacle);
    const { code } = await run(node24, [join(lab, "main.ts"), ...args], {
      // The file that it writes is named from where its user stands, not from the repository.
      cwd: process.env.INIT_CWD ?? process.cwd(),
    });
    return code;
  });
}
