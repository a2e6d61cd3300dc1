import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SkeinError } from "@skein/protocol";
import { isDiskError } from "../files/disk.js";
import { partName } from "./part-name.js";

/** Says that this process receives into a folder: two that write the same parts would spoil them. */
export class FolderLock implements AsyncDisposable {
  /** A name that is kept for parts, so no transfer has it. */
  readonly name = partName("receiving");
  readonly #path: string;

  private constructor(folder: string) {
    this.#path = join(folder, this.name);
  }

  /** @throws {SkeinError} `bad-argument` where another process has it */
  static async take(folder: string): Promise<FolderLock> {
    const lock = new FolderLock(folder);
    if (await lock.#write()) return lock;
    const owner = await lock.#owner();
    if (owner !== undefined && isRunning(owner)) {
      throw new SkeinError(
        "bad-argument",
        `Another \`skein receive\` (process ${owner}) writes into ${folder}: wait for it, or name another folder.`,
      );
    }
    // Its owner was killed.
    await rm(lock.#path, { force: true });
    if (await lock.#write()) return lock;
    throw new SkeinError("bad-argument", `Another \`skein receive\` has just begun to write into ${folder}.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async #write(): Promise<boolean> {
    try {
      await writeFile(this.#path, `${process.pid}\n`, { flag: "wx" });
      return true;
    } catch (error) {
      if (isDiskError(error) && error.code === "EEXIST") return false;
      throw error;
    }
  }

  async #owner(): Promise<number | undefined> {
    const pid = Number(await readFile(this.#path, "utf8").catch(() => ""));
    // In a container every process may have the number that we have.
    return Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid ? pid : undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, and isn't ours.
    return isDiskError(error) && error.code === "EPERM";
  }
}
