import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Manifest } from "./packed.ts";

const execute = promisify(execFile);
const fixtures = fileURLToPath(new URL("../apps", import.meta.url));
const tools = fileURLToPath(new URL("../node_modules", import.meta.url));

interface AppManifest extends Manifest {
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const readManifest = (folder: string): AppManifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Has npm install these tarballs, and what they ask for, in an app outside of the workspace. */
export async function installAll(tarballs: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "skein-installed-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await execute("npm", ["install", ...quiet, ...tarballs], { cwd: folder });
  return folder;
}

/**
 * An app of `apps` in a folder of its own, which has what its package.json names and nothing else: `dependencies` from what
 * npm installed, with all that they need, and `devDependencies` from the workspace, whose lockfile has their versions.
 */
export async function freshApp(name: string, installed: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `skein-app-${name}-`));
  cpSync(join(fixtures, name), folder, { recursive: true });
  const { dependencies = {}, devDependencies = {} } = readManifest(folder);
  for (const each of closure(Object.keys(dependencies), installed)) await copy(each, installed, folder);
  for (const each of Object.keys(devDependencies)) {
    const target = join(folder, "node_modules", each);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(realpathSync(join(tools, each)), target);
  }
  return folder;
}

/** What these packages need, themselves included: names of folders in `node_modules`, where npm lays all side by side. */
function closure(names: readonly string[], installed: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    const folder = join(installed, "node_modules", name);
    // Optional ones are for other machines where they are missing.
    if (found.has(name) || !existsSync(folder)) return;
    found.add(name);
    const { dependencies, optionalDependencies } = readManifest(folder);
    Object.keys({ ...dependencies, ...optionalDependencies }).forEach(add);
  };
  names.forEach(add);
  return found;
}

/** Hard links: as good as copies, and quick. */
async function copy(name: string, installed: string, folder: string): Promise<void> {
  const target = join(folder, "node_modules", name);
  mkdirSync(dirname(target), { recursive: true });
  await execute("cp", ["--archive", "--link", join(installed, "node_modules", name), target]);
}
