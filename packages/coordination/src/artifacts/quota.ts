import { SkeinError } from "@skein/protocol";

/** How many bytes may be kept, and how many are, with those that are on their way. */
export class Quota {
  readonly #mostBytes: number;
  #usedBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @throws {SkeinError} `too-large` */
  take(bytes: number): void {
    if (this.#usedBytes + bytes > this.#mostBytes) {
      const most = `${this.#usedBytes} of ${this.#mostBytes} bytes are used`;
      throw new SkeinError(
        "too-large",
        `Another ${bytes} bytes don't fit, ${most}: remove artifacts, or allow more with quotaBytes.`,
      );
    }
    this.#usedBytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
