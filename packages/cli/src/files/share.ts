import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { SkeinError } from "@skein/protocol";
import { chunkBytes, type FileEntry, type Hit } from "./protocol.js";
import type { HeldFile } from "./scan.js";
import { matchingLines, wordsOf } from "./search.js";

/** What an answer may hold, so that it fits into one frame with its headers. */
const answerBytesMost = 56 * 1024;
/** A MessagePack map's keys and numbers, generously. */
const entryOverheadBytes = 48;
const entriesMost = 500;
/** So that one long log doesn't take all the places. */
const hitsPerFileMost = 20;
/** Files that are read at once. */
const batch = 16;

/**
 * The files that one agent holds, and its answers about them. A name that comes from others is looked up among these,
 * never made a path.
 */
export class Share {
  readonly files: readonly HeldFile[];
  readonly bytes: number;
  readonly #byName: ReadonlyMap<string, HeldFile>;

  constructor(files: readonly HeldFile[]) {
    this.files = files;
    this.bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#byName = new Map(files.map((file) => [file.name, file]));
  }

  holds(name: string): boolean {
    return this.#byName.has(name);
  }

  /** A page of what is held, from the entry of that number on. */
  list(from: number): { files: FileEntry[]; total: number; bytes: number } {
    const files: FileEntry[] = [];
    let space = answerBytesMost;
    for (const { name, bytes } of this.files.slice(from, from + entriesMost)) {
      space -= Buffer.byteLength(name) + entryOverheadBytes;
      if (space < 0) break;
      files.push({ name, bytes });
    }
    return { files, total: this.files.length, bytes: this.bytes };
  }

  /** Lines that hold all the words, in the order of the files' names. */
  async find(words: string, most: number, signal?: AbortSignal): Promise<{ hits: Hit[]; files: number }> {
    const wanted = wordsOf(words);
    const hits: Hit[] = [];
    let space = answerBytesMost;
    for (let from = 0; from < this.files.length; from += batch) {
      if (signal?.aborted) break;
      const files = this.files.slice(from, from + batch);
      const texts = await Promise.all(files.map(textOf));
      for (const [index, { name }] of files.entries()) {
        for (const match of matchingLines(texts[index] ?? "", wanted, hitsPerFileMost)) {
          space -= Buffer.byteLength(name) + Buffer.byteLength(match.text) + entryOverheadBytes;
          if (hits.length === most || space < 0) return { hits, files: this.files.length };
          hits.push({ file: name, ...match });
        }
      }
    }
    return { hits, files: this.files.length };
  }

  /** @throws {SkeinError} `bad-argument` where it isn't held */
  async stat(name: string): Promise<{ bytes: number; sha256: string }> {
    const bytes = await readFile(this.#entry(name).path).catch(gone);
    return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }

  /** A piece of a file; empty behind its end. @throws {SkeinError} `bad-argument` where it isn't held */
  async read(name: string, offset: number, length: number): Promise<{ bytes: Uint8Array }> {
    const file = await open(this.#entry(name).path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(gone);
    try {
      const piece = new Uint8Array(Math.min(length, chunkBytes));
      const { bytesRead } = await file.read(piece, 0, piece.length, offset);
      return { bytes: piece.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  }

  #entry(name: string): HeldFile {
    const entry = this.#byName.get(name);
    if (entry !== undefined) return entry;
    throw new SkeinError("bad-argument", "This agent holds no file of that name: `list` tells what it holds.");
  }
}

/** Files come and go while we run: one that can't be read has no lines. */
function textOf(file: HeldFile): Promise<string> {
  return readFile(file.path, "utf8").catch(() => "");
}

function gone(cause: unknown): never {
  throw new SkeinError("bad-argument", "This file can't be read any more: it was moved or taken away.", { cause });
}
