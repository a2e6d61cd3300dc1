import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { SkeinError } from "@skein/protocol";
import { isDiskError } from "../files/disk.js";
import type { FileState } from "./protocol.js";
import { RunningHash } from "./running-hash.js";

/** A file in the making, beside its final name. What is on disk is all there is to know of it: it needs no journal. */
export class Part implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #hash = new RunningHash();

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** What an earlier run left is read, and gone on from. */
  static async open(path: string, signal: AbortSignal): Promise<Part> {
    const file = await openPlain(path);
    const part = new Part(path, file);
    try {
      if (!(await file.stat()).isFile()) throw new SkeinError("bad-argument", "its part isn't a plain file");
      await part.#hash.addFile(file, Number.POSITIVE_INFINITY, signal);
      return part;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#hash.bytes;
  }

  /** Of what it holds. */
  get sha256(): string {
    return this.#hash.sha256;
  }

  async append(piece: Uint8Array): Promise<void> {
    let written = 0;
    while (written < piece.length) {
      const at = this.#hash.bytes + written;
      written += (await this.#file.write(piece, written, piece.length - written, at)).bytesWritten;
    }
    this.#hash.add(piece);
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = new RunningHash();
  }

  /** Gives it its name, once the disk has all of it. */
  async finish(final: string, { modifiedMs, executable }: FileState): Promise<void> {
    const { mode } = await this.#file.stat();
    // Whoever may read it may run it.
    if (executable) await this.#file.chmod((mode | ((mode & 0o444) >> 2)) & 0o777);
    await this.#file.utimes(modifiedMs / 1000, modifiedMs / 1000);
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#path, final);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** Never through a link: where one is in the part's place, it goes. */
async function openPlain(path: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  try {
    return await open(path, flags, 0o666);
  } catch (error) {
    if (!isDiskError(error) || error.code !== "ELOOP") throw error;
    await rm(path);
    return open(path, flags, 0o666);
  }
}
