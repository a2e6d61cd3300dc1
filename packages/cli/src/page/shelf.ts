import { SkeinError } from "@skein/client";
import { chunkBytes, type FileEntry, type Hit } from "../files/protocol.js";
import { matchingLines, wordsOf } from "../files/search.js";
import { sha256Of } from "./sha256.js";

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
  /** Made when it is first asked for. */
  sha256: Promise<string | undefined> | undefined;
}

/** The files that this page shares, and its answers about them. They are never sent anywhere unasked. */
export class Shelf {
  readonly #held = new Map<string, Held>();

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
      this.#held.set(name, { name, bytes: file.size, searched: text !== undefined, file, text, sha256: undefined });
    }
    return left;
  }

  remove(name: string): void {
    this.#held.delete(name);
  }

  find(query: string, most: number): { hits: Hit[]; files: number } {
    const words = wordsOf(query);
    const hits: Hit[] = [];
    let room = answerBytesMost;
    for (const { name, text } of this.#held.values()) {
      if (text === undefined) continue;
      for (const match of matchingLines(text, words, most - hits.length)) {
        room -= sizeOf(name) + sizeOf(match.text) + 32;
        if (room < 0) return { hits, files: this.#searchedFiles };
        hits.push({ file: name, ...match });
      }
    }
    return { hits, files: this.#searchedFiles };
  }

  list(from: number): { files: FileEntry[]; total: number; bytes: number } {
    const all = [...this.#held.values()];
    const files: FileEntry[] = [];
    let room = answerBytesMost;
    for (const { name, bytes } of all.slice(from, from + 500)) {
      room -= sizeOf(name) + 32;
      if (room < 0) break;
      files.push({ name, bytes });
    }
    return { files, total: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** @throws {SkeinError} `bad-argument` where there is no such file, or no way to make its checksum */
  async stat(name: string): Promise<{ bytes: number; sha256: string }> {
    const held = this.#get(name);
    held.sha256 ??= held.file.arrayBuffer().then(sha256Of);
    const sha256 = await held.sha256;
    if (sha256 === undefined) {
      throw new SkeinError(
        "bad-argument",
        "This page can't make checksums: it was opened over plain http from another machine.",
      );
    }
    return { bytes: held.bytes, sha256 };
  }

  /** @throws {SkeinError} `bad-argument` where there is no such file */
  async read(name: string, offset: number, length: number): Promise<{ bytes: Uint8Array }> {
    const part = this.#get(name).file.slice(offset, offset + Math.min(length, chunkBytes));
    return { bytes: new Uint8Array(await part.arrayBuffer()) };
  }

  get #searchedFiles(): number {
    return [...this.#held.values()].filter(({ searched }) => searched).length;
  }

  #get(name: string): Held {
    const held = this.#held.get(name);
    if (held === undefined) throw new SkeinError("bad-argument", "This page shares no file of that name (any more).");
    return held;
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

/** The most bytes that a text may take as UTF-8. */
function sizeOf(text: string): number {
  return text.length * 3;
}
