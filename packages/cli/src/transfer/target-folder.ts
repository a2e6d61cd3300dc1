import { createHash } from "node:crypto";
import { lstat, mkdir, open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { SkeinError } from "@skein/protocol";
import { explainDisk, isDiskError } from "../files/disk.js";
import { makeFolder } from "../files/make-folder.js";
import { FolderLock } from "./folder-lock.js";
import { partName } from "./part-name.js";

/** Folders that are remembered at once: a peer says how many there are. */
const enteredMost = 10_000;

/** Where a file goes, and where it grows until it is whole. */
export interface Place {
  readonly final: string;
  readonly part: string;
}

/** The folder that a transfer is received into. Nothing is written outside of it, and one process alone writes into it. */
export class TargetFolder implements AsyncDisposable {
  readonly root: string;
  readonly #lock: FolderLock;
  readonly #fold: (path: string) => string;
  /** Folders that were looked at: real ones, inside. */
  readonly #entered = new Set<string>();

  private constructor(root: string, lock: FolderLock, fold: (path: string) => string) {
    this.root = root;
    this.#lock = lock;
    this.#fold = fold;
  }

  /**
   * Makes the folder where it is missing.
   * @throws {SkeinError} `bad-argument` where it can't be written, or another process receives into it
   */
  static async open(folder: string): Promise<TargetFolder> {
    try {
      await makeFolder(folder);
      const root = await realpath(folder);
      const lock = await FolderLock.take(root);
      const fold = (await exists(join(root, lock.name.toUpperCase()))) ? foldCase : foldForm;
      return new TargetFolder(root, lock, fold);
    } catch (error) {
      throw explainDisk(error, resolve(folder), "written");
    }
  }

  /** Which paths are one and the same file here, as a short key: equal where they are. */
  keyOf(path: string): string {
    return createHash("sha256").update(this.#fold(path)).digest("base64url").slice(0, 22);
  }

  /**
   * Where a path of a transfer is here; the folders on the way are made.
   * @param path one that `whyUnsafe` has nothing against
   * @throws {SkeinError} `bad-argument` where a link on the way leads out, and what the disk throws
   */
  async place(path: string): Promise<Place> {
    const folders = path.split("/");
    const name = folders.pop() as string;
    const folder = await this.enter(folders);
    return { final: join(folder, name), part: join(folder, partName(name)) };
  }

  /** Makes folders, one in the other; gives the last one's place. @throws as {@link TargetFolder.place} */
  async enter(names: readonly string[]): Promise<string> {
    if (this.#entered.size > enteredMost) await this.sync();
    let folder = this.root;
    for (const name of names) {
      folder = join(folder, name);
      if (!this.#entered.has(folder)) await this.#enter(folder);
    }
    return folder;
  }

  /** So that also a loss of power doesn't take away what was received. */
  async sync(): Promise<void> {
    for (const folder of [this.root, ...this.#entered]) {
      // Some systems have no such thing: then there is nothing to do.
      const handle = await open(folder, "r").catch(() => undefined);
      await handle?.sync().catch(() => {});
      await handle?.close();
    }
    this.#entered.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }

  /** Looked at before anything is made in it: what a link leads to isn't ours. */
  async #enter(folder: string): Promise<void> {
    await mkdir(folder).catch((error: unknown) => {
      if (!isDiskError(error) || error.code !== "EEXIST") throw error;
    });
    const inside = relative(this.root, await realpath(folder));
    if (inside.startsWith("..") || isAbsolute(inside)) {
      throw new SkeinError("bad-argument", "a symbolic link in its path leads out of the folder");
    }
    this.#entered.add(folder);
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** macOS takes two ways of writing an accented letter for one. */
function foldForm(path: string): string {
  return process.platform === "darwin" ? path.normalize("NFC") : path;
}

function foldCase(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase();
}
