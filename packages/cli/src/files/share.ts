import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { SkeinError } from "@skein/protocol";
import type { Holding } from "../crew/holding.js";
import { entriesMost, type FileEntry, type FilePage, type Hit } from "../crew/protocol.js";
import type { HeldFile } from "./scan.js";
import { matchingLines, wordsOf } from "./search.js";

/** What a page, or one part of an answer, may hold, so that it fits into one frame with its headers. */
const answerBytesMost = 56 * 1024;
/** A MessagePack map's keys and numbers, generously. */
const entryOverheadBytes = 48;
/** So that one long log doesn't take all the places. */
const hitsPerFileMost = 20;
/** Files that are read at once. */
const batch = 16;
const readBytes = 256 * 1024;

/** Files of a folder that one agent holds. */
export class Share implements Holding {
  readonly set: string;
  readonly files: readonly HeldFile[];
  readonly bytes: number;
  readonly revision = 0;
  readonly #byName: ReadonlyMap<string, HeldFile>;

  constructor(files: readonly HeldFile[]) {
    this.files = files;
    this.bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#byName = new Map(files.map((file) => [file.name, file]));
    this.set = digestOf(files);
  }

  get count(): number {
    return this.files.length;
  }

  list(from: number): FilePage {
    const files: FileEntry[] = [];
    let space = answerBytesMost;
    for (const { name, bytes } of this.files.slice(from, from + entriesMost)) {
      space -= Buffer.byteLength(name) + entryOverheadBytes;
      if (space < 0) break;
      files.push({ name, bytes });
    }
    return { files, total: this.files.length };
  }

  /** In the order of the files' names. */
  async *find(words: string, most: number, signal?: AbortSignal): AsyncGenerator<readonly Hit[], number, void> {
    const wanted = wordsOf(words);
    let left = most;
    for (let from = 0; from < this.files.length && left > 0; from += batch) {
      if (signal?.aborted) break;
      const files = this.files.slice(from, from + batch);
      const texts = await Promise.all(files.map(textOf));
      const hits = files.flatMap(({ name }, index) =>
        matchingLines(texts[index] ?? "", wanted, hitsPerFileMost).map((match): Hit => ({ file: name, ...match })),
      );
      for (const piece of piecesOf(hits.slice(0, left))) {
        left -= piece.length;
        yield piece;
      }
    }
    return this.files.length;
  }

  open(name: string, signal: AbortSignal): AsyncIterable<Uint8Array> | undefined {
    const held = this.#byName.get(name);
    return held && bytesOf(held, signal);
  }
}

/** The same for the same names and sizes, in whatever folder. */
function digestOf(files: readonly HeldFile[]): string {
  const hash = createHash("sha256");
  for (const { name, bytes } of files) hash.update(`${name}\0${bytes}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** Hits in pieces that each fit into a frame. */
function* piecesOf(hits: readonly Hit[]): Generator<readonly Hit[], void, void> {
  let piece: Hit[] = [];
  let space = answerBytesMost;
  for (const hit of hits) {
    const bytes = Buffer.byteLength(hit.file) + Buffer.byteLength(hit.text) + entryOverheadBytes;
    if (bytes > space) {
      yield piece;
      piece = [];
      space = answerBytesMost;
    }
    piece.push(hit);
    space -= bytes;
  }
  if (piece.length > 0) yield piece;
}

async function* bytesOf({ path }: HeldFile, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(gone);
  try {
    while (!signal.aborted) {
      const { buffer, bytesRead } = await file.read(new Uint8Array(readBytes));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Files come and go while we run: one that can't be read has no lines. */
function textOf(file: HeldFile): Promise<string> {
  return readFile(file.path, "utf8").catch(() => "");
}

function gone(cause: unknown): never {
  throw new SkeinError("bad-argument", "This file can't be read any more: it was moved or taken away.", { cause });
}
