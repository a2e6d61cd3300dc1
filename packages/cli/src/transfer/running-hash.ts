import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** Small enough that nothing else waits long while it is hashed. */
const stepBytes = 256 * 1024;

/** The SHA-256 of bytes that come in order, which can be told at any point without ending it. */
export class RunningHash {
  readonly #hash: Hash = createHash("sha256");
  #bytes = 0;

  /** How many bytes went in. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of what went in so far, in lower-case hexadecimal. */
  get sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** Goes on with what a file holds, up to so many bytes of it, or to its end. */
  async addFile(file: FileHandle, untilBytes: number, signal: AbortSignal): Promise<void> {
    const step = Buffer.allocUnsafeSlow(stepBytes);
    while (this.#bytes < untilBytes) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(step, 0, Math.min(stepBytes, untilBytes - this.#bytes), this.#bytes);
      if (bytesRead === 0) return;
      this.add(step.subarray(0, bytesRead));
    }
  }
}
