/** How many of the last lines are kept for people. */
const keptLines = 400;

/**
 * What happened in a world, line by line: the last of them to read, and a digest of all, by which two runs are held against
 * each other. FNV-1a (Fowler, Noll, Vo) in two halves of 32 bits.
 */
export class Trace {
  readonly #lines: string[] = [];
  #first = 0;
  #count = 0;
  #high = 0x811c9dc5;
  #low = 0xcbf29ce4;

  /** How many lines there were. */
  get count(): number {
    return this.#count;
  }

  /** Of all lines so far: 16 hexadecimal digits. */
  get digest(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** The last lines, oldest first. */
  get lines(): readonly string[] {
    return [...this.#lines.slice(this.#first), ...this.#lines.slice(0, this.#first)];
  }

  /** Something that counts for the digest and isn't worth a line. */
  mix(value: number): void {
    // Times have fractions: both halves of the number count.
    this.#high = Math.imul(this.#high ^ Math.floor(value), 0x01000193);
    this.#low = Math.imul(this.#low ^ Math.floor((value % 1) * 2 ** 31), 0x01000193);
  }

  add(line: string): void {
    this.#count++;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.#high = Math.imul(this.#high ^ code, 0x01000193);
      this.#low = Math.imul(this.#low ^ (code + i), 0x01000193);
    }
    if (this.#lines.length < keptLines) {
      this.#lines.push(line);
      return;
    }
    this.#lines[this.#first] = line;
    this.#first = (this.#first + 1) % keptLines;
  }
}
