import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package as a registry would get it. */
export interface Packed {
  readonly manifest: Manifest;
  readonly tarball: string;
  /** Where the tarball is unpacked, as `npm install` would do it: beside the other packages. */
  readonly folder: string;
  /** Its files, relative to the folder. */
  readonly files: readonly string[];
}

const readManifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The packages of this workspace: their folders' names, and what they say of themselves. */
export const packages = readdirSync("packages")
  .filter((name) => existsSync(join("packages", name, "package.json")))
  .map((name) => ({ name, source: resolve("packages", name), manifest: readManifest(join("packages", name)) }));

/** Whether it is there to be imported; the others are commands. */
export const isLibrary = ({ exports }: Manifest): boolean => exports !== undefined && "." in exports;

/**
 * Packs every package, and unpacks it in a folder where it finds its dependencies and nothing else of this repository.
 * @returns the packages, by their folder's name in `packages`.
 */
export async function packAll(workspace: string): Promise<ReadonlyMap<string, Packed>> {
  rmSync(workspace, { recursive: true, force: true });
  const tarballs = resolve(workspace, "tarballs");
  mkdirSync(tarballs, { recursive: true });
  const pack = ["-r", "--filter", "./packages/*", "pack", "--pack-destination", tarballs];
  await execute("npx", ["-y", "pnpm@12.21.0", ...pack], { maxBuffer: 1 << 26 });
  const packed = await Promise.all(packages.map(async (each) => [each.name, await unpack(each, workspace)] as const));
  return new Map(packed);
}

async function unpack({ source, manifest }: (typeof packages)[number], workspace: string): Promise<Packed> {
  const fileName = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
  const tarball = resolve(workspace, "tarballs", fileName);
  const folder = resolve(workspace, "node_modules", manifest.name);
  mkdirSync(folder, { recursive: true });
  await execute("tar", ["--extract", "--gzip", "--strip-components=1", `--file=${tarball}`, `--directory=${folder}`]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  linkDependencies(source, folder, manifest);
  return { manifest: readManifest(folder), tarball, folder, files };
}

/**
 * Third parties' packages, as they are installed for the sources. Our own are found one folder up. Peers too: an entry of its own wants
 * them, and whoever uses that has them.
 */
function linkDependencies(source: string, folder: string, manifest: Manifest): void {
  const names = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
  for (const name of names.filter((each) => !each.startsWith("@skein/"))) {
    const target = join(folder, "node_modules", name);
    mkdirSync(join(target, ".."), { recursive: true });
    symlinkSync(join(source, "node_modules", name), target);
  }
}
