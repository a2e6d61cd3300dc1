/** One line, or why it can't be one. */
export type Line = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** The longest line that is read, in bytes. */
export const lineBytesMost = 1024 * 1024;

const newline = 0x0a;

/** Cuts a stream of bytes into lines of UTF-8. Holds no more than one line of the longest length, whatever comes. */
export class LineSplitter {
  readonly #most: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** The line is over its length already: its rest is passed over. */
  #overflowed = false;

  constructor(most = lineBytesMost) {
    this.#most = most;
  }

  /** The lines that these bytes complete. */
  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      this.#append(bytes.subarray(from, end));
      lines.push(...this.end());
      from = end + 1;
    }
    this.#append(bytes.subarray(from));
    return lines;
  }

  /** The stream is over: what has no newline behind it is a line too. Empty lines are none. */
  end(): Line[] {
    const { line } = this;
    this.#parts = [];
    this.#length = 0;
    this.#overflowed = false;
    return line === undefined ? [] : [line];
  }

  private get line(): Line | undefined {
    if (this.#overflowed) return { ok: false, reason: `a line has more than ${this.#most} bytes` };
    if (this.#length === 0) return undefined;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(this.#parts)).trim();
      return text === "" ? undefined : { ok: true, text };
    } catch {
      return { ok: false, reason: "a line isn't UTF-8" };
    }
  }

  #append(part: Uint8Array): void {
    if (this.#overflowed || part.length === 0) return;
    if (this.#length + part.length > this.#most) {
      this.#overflowed = true;
      this.#parts = [];
      return;
    }
    // A copy: the stream may use its buffer again.
    this.#parts.push(part.slice());
    this.#length += part.length;
  }
}
