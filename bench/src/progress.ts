import { clearLine, cursorTo } from "node:readline";
import type { WriteStream } from "node:tty";

/** One line of a terminal, written again and again. Where there is no terminal, nothing. */
export class ProgressLine {
  readonly #stream: WriteStream;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (!this.#stream.isTTY) return;
    this.clear();
    // A line that wraps can't be taken back. Some terminals don't tell their width, or tell 0.
    this.#stream.write(text.slice(0, (this.#stream.columns || 80) - 1));
  }

  clear(): void {
    if (!this.#stream.isTTY) return;
    clearLine(this.#stream, 0);
    cursorTo(this.#stream, 0);
  }
}
