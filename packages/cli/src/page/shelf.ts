import type { Holding } from "../crew/holding.js";
import { entriesMost, type FileEntry, type FilePage, type Hit } from "../crew/protocol.js";
import { matchingLines, wordsOf } from "../files/search.js";

/** Files up to this size are searched, where they are text. */
const textBytesMost = 8 * 1024 * 1024;
/** What is searched of all files together: their text stays in memory. */
const allTextMost = 64 * 1024 * 1024;
const filesMost = 500;
const nameMost = 256;
/** What the entries of one answer may take: an answer travels in one frame. */
const answerBytesMost = 48 * 1024;

/** One file of our own share. */
export interface ShelfEntry extends FileEntry {
  /** Whether `find` looks into it. */
  readonly searched: boolean;
}

interface Held extends ShelfEntry {
  readonly file: Blob;
  readonly text: string | undefined;
}

/** The files that this page shares, and its answers about them. They are never sent anywhere unasked. */
export class Shelf implements Holding {
  readonly set: string;
  #revision = 0;
  readonly #held = new Map<string, Held>();

  /** @param set nobody else's: what a page holds, it alone holds */
  constructor(set: string) {
    this.set = set;
  }

  get count(): number {
    return this.#held.size;
  }

  get revision(): number {
    return this.#revision;
  }

  get entries(): ShelfEntry[] {
    return [...this.#held.values()].map(({ name, bytes, searched }) => ({ name, bytes, searched }));
  }

  /** Takes files in. Gives the names of those that didn't fit any more. */
  async add(files: readonly File[]): Promise<string[]> {
    const left: string[] = [];
    for (const file of files) {
      if (this.#held.size >= filesMost) {
        left.push(file.name);
        continue;
      }
      const text = await this.#textOf(file);
      const name = this.#freeName(file.name);
      this.#held.set(name, { name, bytes: file.size, searched: text !== undefined, file, text });
      this.#revision += 1;
    }
    return left;
  }

  remove(name: string): void {
    if (this.#held.delete(name)) this.#revision += 1;
  }

  async *find(query: string, most: number): AsyncGenerator<readonly Hit[], number, void> {
    const words = wordsOf(query);
    let left = most;
    let files = 0;
    for (const { name, text } of this.#held.values()) {
      if (text === undefined) continue;
      files += 1;
      // Lines are cut: one file's fit a message.
      const hits = matchingLines(text, words, Math.min(left, hitsAtOnce)).map(
        (match): Hit => ({ file: name, ...match }),
      );
      left -= hits.length;
      if (hits.length > 0) yield hits;
      if (left === 0) break;
    }
    return files;
  }

  list(from: number): FilePage {
    const all = [...this.#held.values()];
    const files: FileEntry[] = [];
    let room = answerBytesMost;
    for (const { name, bytes } of all.slice(from, from + entriesMost)) {
      room -= sizeOf(name) + 32;
      if (room < 0) break;
      files.push({ name, bytes });
    }
    return { files, total: all.length };
  }

  open(name: string): Blob | undefined {
    return this.#held.get(name)?.file;
  }

  async #textOf(file: Blob): Promise<string | undefined> {
    const kept = [...this.#held.values()].reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
    if (file.size > textBytesMost || kept + file.size > allTextMost) return undefined;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
      return text.includes("\0") ? undefined : text;
    } catch {
      // Not UTF-8: it can be fetched, not searched.
      return undefined;
    }
  }

  /** `notes.txt`, and where that is taken, `notes (2).txt`. */
  #freeName(wanted: string): string {
    const [, stem = "file", ending = ""] = /^(.*?)(\.[^.]{1,16})?$/s.exec(wanted.slice(-nameMost)) ?? [];
    const base = stem === "" && ending === "" ? "file" : stem;
    for (let copy = 1; ; copy += 1) {
      const name = copy === 1 ? `${base}${ending}` : `${base} (${copy})${ending}`;
      if (!this.#held.has(name)) return name;
    }
  }
}

/** Hits of one file in one message. */
const hitsAtOnce = 20;

/** The most bytes that a text may take as UTF-8. */
function sizeOf(text: string): number {
  return text.length * 3;
}
