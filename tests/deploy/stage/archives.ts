import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { packAll } from "../../packages/support/packed.ts";

/** A package as a registry tells of it, but for where it is. */
export interface Published {
  readonly name: string;
  readonly version: string;
  readonly tarball: string;
  readonly integrity: string;
}

/** The packages of this workspace, as they would be published. */
export async function publish(): Promise<Published[]> {
  const packed = await packAll(".cache/packs-deploy");
  return [...packed.values()].map(({ manifest, tarball }) => ({
    ...manifest,
    tarball,
    integrity: `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`,
  }));
}

/**
 * What nodejs.org has under dist/latest-v24.x, made of the same Node and npm from npm's registry; gives its folder.
 * Packing takes a minute, so that it is kept.
 */
export function packNode(): string {
  const version = process.version;
  const folder = resolve(`.cache/deploy/node-${version}`);
  const name = `node-${version}-linux-${process.arch}`;
  if (existsSync(join(folder, "SHASUMS256.txt"))) return folder;
  rmSync(folder, { recursive: true, force: true });
  layOutNode(join(folder, name), folder);
  const archive = join(folder, `${name}.tar.xz`);
  execFileSync("tar", ["-I", "xz -0 -T2", "-cf", archive, "-C", folder, name]);
  rmSync(join(folder, name), { recursive: true });
  const sum = createHash("sha256").update(readFileSync(archive)).digest("hex");
  writeFileSync(join(folder, "SHASUMS256.txt"), `${sum}  ${basename(archive)}\n`);
  return folder;
}

function layOutNode(root: string, scratch: string): void {
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "lib/node_modules"), { recursive: true });
  copyFileSync(process.execPath, join(root, "bin/node"));
  const tarball = execFileSync("npm", ["pack", "--silent", "npm@11"], { cwd: scratch, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", tarball], { cwd: scratch });
  renameSync(join(scratch, "package"), join(root, "lib/node_modules/npm"));
  rmSync(join(scratch, tarball));
  for (const command of ["npm", "npx"]) {
    symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(root, "bin", command));
  }
}
