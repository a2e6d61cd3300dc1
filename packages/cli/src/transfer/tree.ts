import type { BigIntStats } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { SkeinError } from "@skein/protocol";
import { explainDisk } from "../files/disk.js";
import { isPartName } from "./part-name.js";
import { type Entry, entriesMost, type FileEntry, type FileState, pathLengthMost } from "./protocol.js";

/** A file or folder to send, and where it is on this machine. */
export type Held =
  | { readonly entry: FileEntry; readonly place: string; readonly version: string }
  | { readonly entry: Extract<Entry, { kind: "folder" }>; readonly place: string };

/** What there is to send. */
export interface Tree {
  readonly names: readonly string[];
  readonly held: readonly Held[];
  readonly bytes: number;
  /** Paths that aren't sent, and why, as the rest of a sentence. */
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Looks at what was named: files, and folders with all that is in them. Symbolic links inside folders are left out; one
 * that was named itself is followed.
 * @throws {SkeinError} `bad-argument` where something can't be read or two have one name, `too-large`
 */
export async function scanTree(paths: readonly string[]): Promise<Tree> {
  const roots = paths.map((path) => resolve(path));
  const names = roots.map((root) => basename(root));
  checkNames(paths, names);
  const scan = new Scan();
  for (const [index, root] of roots.entries()) {
    const stats = await stat(root, { bigint: true }).catch((error: unknown) => {
      throw explainDisk(error, root, "read");
    });
    await scan.add(root, names[index] as string, stats);
  }
  const bytes = scan.held.reduce((sum, { entry }) => sum + (entry.kind === "file" ? entry.bytes : 0), 0);
  return { names, held: scan.held, bytes, leftOut: scan.leftOut };
}

/** What the receiver is told of a file. */
export function stateOf(stats: BigIntStats): FileState {
  return {
    bytes: Number(stats.size),
    modifiedMs: Number(stats.mtimeNs / 1_000_000n),
    executable: (Number(stats.mode) & 0o100) !== 0,
  };
}

/** Another one means that the file is another, or was written to. */
export function versionOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

function checkNames(paths: readonly string[], names: readonly string[]): void {
  const nameless = names.indexOf("");
  if (nameless !== -1) {
    throw new SkeinError("bad-argument", `${paths[nameless]} has no name to be received under: name what is in it.`);
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new SkeinError("bad-argument", `Two of the paths are called ${twice}: send them one after the other.`);
  }
}

/** What was found so far. */
class Scan {
  readonly held: Held[] = [];
  readonly leftOut: { path: string; why: string }[] = [];

  async add(place: string, path: string, stats: BigIntStats): Promise<void> {
    const why = whyLeftOut(path, stats);
    if (why !== undefined) this.leftOut.push({ path, why });
    else if (stats.isDirectory()) await this.#addFolder(place, path);
    else this.#hold({ entry: { kind: "file", path, ...stateOf(stats) }, place, version: versionOf(stats) });
  }

  async #addFolder(place: string, path: string): Promise<void> {
    const names = await readdir(place).catch((error: unknown) => {
      throw explainDisk(error, place, "read");
    });
    const before = this.held.length;
    for (const name of names.sort()) {
      const inside = join(place, name);
      const stats = await lstat(inside, { bigint: true }).catch(() => undefined);
      if (stats === undefined) this.leftOut.push({ path: `${path}/${name}`, why: "is gone, or its name isn't UTF-8" });
      else await this.add(inside, `${path}/${name}`, stats);
    }
    // One that has files in it is made for them.
    if (this.held.length === before) this.#hold({ entry: { kind: "folder", path }, place });
  }

  #hold(held: Held): void {
    if (this.held.length === entriesMost) {
      throw new SkeinError("too-large", `A transfer has ${entriesMost} files at most: send a part of the folder.`);
    }
    this.held.push(held);
  }
}

function whyLeftOut(path: string, stats: BigIntStats): string | undefined {
  if (stats.isSymbolicLink()) return "is a symbolic link";
  if (!stats.isFile() && !stats.isDirectory()) return "is neither a file nor a folder";
  if (isPartName(basename(path))) return "is a part of a file that is being received";
  if (path.length > pathLengthMost) return `has a path of over ${pathLengthMost} characters`;
  return undefined;
}
