import { constants } from "node:fs";
import { access, open, stat as statOf } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SkeinError } from "@skein/protocol";
import { globbyStream } from "globby";
import { explainDisk } from "./disk.js";
import { partOf } from "./partition.js";

/** A file that an agent holds. */
export interface HeldFile {
  /** Its path in the folder, with `/` between its parts: the name that others know it by. */
  readonly name: string;
  readonly bytes: number;
  /** Where it is on this machine. Never built from anything that came over the wire. */
  readonly path: string;
}

export interface ScanOptions {
  readonly folder: string;
  /** Which of `of` parts, from 1. */
  readonly part: { readonly indexes: readonly number[]; readonly of: number };
}

const fileBytesMost = 16 * 1024 * 1024;
const filesMost = 100_000;
/** As the protocol's own limit. */
const nameLengthMost = 1024;
/** A NUL byte in so many first bytes makes a file binary: git's rule (buffer_is_binary). */
const headBytes = 8000;

/**
 * The text files of some parts of a folder, by name. Left out: what `.gitignore` names, hidden files (they hold keys more
 * often than text), `node_modules`, `dist`, symbolic links, files over 16 MiB.
 * @throws {SkeinError} `bad-argument` where the folder can't be read, `too-large` where it holds over 100,000 files
 */
export async function scanFolder({ folder, part }: ScanOptions): Promise<HeldFile[]> {
  const root = resolve(folder);
  const names = (await namesIn(root)).filter((name) => part.indexes.includes(partOf(name, part.of))).sort();
  const held: HeldFile[] = [];
  for (let from = 0; from < names.length; from += 32) {
    const files = await Promise.all(names.slice(from, from + 32).map((name) => look(root, name)));
    held.push(...files.filter((file) => file !== undefined));
  }
  return held;
}

async function namesIn(root: string): Promise<string[]> {
  const folder = await statOf(root).catch(() => undefined);
  if (!folder?.isDirectory()) throw new SkeinError("bad-argument", `There is no folder ${root}: name one that exists.`);
  // What is in the way of a folder below costs that one alone.
  await access(root, constants.R_OK | constants.X_OK).catch((error: unknown) => {
    throw explainDisk(error, root, "read");
  });
  const names: string[] = [];
  const found = globbyStream("**/*", {
    cwd: root,
    gitignore: true,
    // The last is where the demo puts what it fetched.
    ignore: ["**/node_modules/**", "**/dist/**", "**/skein-downloads/**"],
    followSymbolicLinks: false,
    suppressErrors: true,
  });
  for await (const name of found) {
    if (names.length === filesMost) {
      throw new SkeinError("too-large", `${root} holds over ${filesMost} files: name a smaller folder.`);
    }
    names.push(String(name));
  }
  return names;
}

async function look(root: string, name: string): Promise<HeldFile | undefined> {
  if (name.length > nameLengthMost || /\p{Surrogate}/u.test(name)) return undefined;
  const path = join(root, name);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  // Gone, a link, or not ours to read.
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > fileBytesMost) return undefined;
    const head = Buffer.alloc(Math.min(headBytes, stat.size));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead).includes(0) ? undefined : { name, bytes: stat.size, path };
  } finally {
    await file.close();
  }
}
