// `npm run docs`: builds the documentation's site into .cache/docs, and follows every link in it. `-- --serve` shows it afterwards,
// `-- --write` shows pages as they are written. `-- --base /skein/` is for a site that doesn't lie at its host's root.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, install, main, node24, root, run, say } from "./workspace.mjs";

const folder = join(root, "docs");
const site = join(root, ".cache/docs");
const usage = "Usage: npm run docs [-- [--serve | --write] [--port NUMBER] [--base PATH]]";

/** The tools of the documentation's own package, which no other has. */
function tool(name, ...args) {
  const { bin } = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8"));
  const program = typeof bin === "string" ? bin : bin[name];
  return run(node24, [join(folder, "node_modules", name, program), ...args], { cwd: folder });
}

async function mustRun(what, name, ...args) {
  const { code } = await tool(name, ...args);
  if (code !== 0) throw new Failure(`${what} failed: what is above says why.`);
}

/** The reference is made of the docstrings; an export without one fails it. */
async function makeReference() {
  const mark = join(root, ".cache/built/reference");
  if (existsSync(mark) && existsSync(join(folder, "api")) && newestSource() < statSync(mark).mtimeMs) return;
  rmSync(mark, { force: true });
  await mustRun("The reference", "typedoc", "--logLevel", "Warn");
  mkdirSync(join(root, ".cache/built"), { recursive: true });
  writeFileSync(mark, "");
}

function newestSource() {
  const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name, "src"));
  const sources = packages.filter(existsSync).flatMap((path) => {
    return readdirSync(path, { recursive: true }).map((name) => join(path, name));
  });
  return Math.max(...[join(folder, "typedoc.json"), ...sources].map((path) => statSync(path).mtimeMs));
}

function settingsOf(args) {
  const string = { type: "string" };
  const boolean = { type: "boolean" };
  try {
    const options = { serve: boolean, write: boolean, help: boolean, port: string, base: string };
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`);
  }
}

await main(async () => {
  const { serve, write, help, port = "4173", base = "/" } = settingsOf(process.argv.slice(2));
  if (help) return void console.log(usage);
  await install();
  await makeReference();
  if (write) return (await tool("vitepress", "dev", ".", "--port", port, "--base", base)).code;

  await mustRun("The site", "vitepress", "build", ".", "--base", base);
  const { code } = await run(node24, [join(folder, ".vitepress/check-links.ts"), site, base]);
  if (code !== 0) throw new Failure("Some links lead nowhere: they are listed above.");
  say(`The site is in ${site}.`);
  return serve ? (await tool("vitepress", "preview", ".", "--port", port, "--base", base)).code : 0;
});
