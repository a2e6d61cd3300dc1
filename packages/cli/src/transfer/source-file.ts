import type { BigIntStats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { RunningHash } from "./running-hash.js";
import { versionOf } from "./tree.js";

/** What reading gave, or the file as it is now where it isn't the one that was offered any more. */
export type Reading<Value> =
  | { readonly is: "read"; readonly value: Value }
  | { readonly is: "changed"; readonly stats: BigIntStats };

/** A file that is being sent. It knows the hash of what was read of it in order, so that nothing is read twice for it. */
export class SourceFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #version: string;
  #hash = new RunningHash();

  private constructor(file: FileHandle, version: string) {
    this.#file = file;
    this.#version = version;
  }

  static async open(place: string, version: string): Promise<SourceFile> {
    return new SourceFile(await open(place, "r"), version);
  }

  /** A piece; shorter where the file ends. */
  async read(offset: number, length: number): Promise<Reading<Uint8Array<ArrayBuffer>>> {
    const piece = await this.#fill(new Uint8Array(length), offset);
    if (offset === this.#hash.bytes) this.#hash.add(piece);
    return this.#unlessChanged(piece);
  }

  /** The SHA-256 of its first bytes. */
  async sha256(bytes: number, signal: AbortSignal): Promise<Reading<string>> {
    if (this.#hash.bytes > bytes) this.#hash = new RunningHash();
    await this.#hash.addFile(this.#file, bytes, signal);
    return this.#unlessChanged(this.#hash.sha256);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #fill(buffer: Uint8Array<ArrayBuffer>, offset: number): Promise<Uint8Array<ArrayBuffer>> {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  /** Looked at after reading: what was read before a change came is still right. */
  async #unlessChanged<Value>(value: Value): Promise<Reading<Value>> {
    const stats = await this.#file.stat({ bigint: true });
    return versionOf(stats) === this.#version ? { is: "read", value } : { is: "changed", stats };
  }
}
