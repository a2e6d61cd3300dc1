import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SkeinError } from "@skein/protocol";
import { inPieces } from "./pieces.js";
import { chunkBytes } from "./protocol.js";

/** What holds a file, and can be asked for pieces of it. */
export interface FileSource {
  readonly bytes: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Pieces asked for at once: enough to keep a link busy between two answers. */
const piecesAtOnce = 8;

/**
 * Fetches a file into `path`. It is written beside it and gets its name once it is whole and its SHA-256 is right: nobody
 * ever finds half a file there.
 * @throws {SkeinError} `bad-message` where what came isn't the file that was promised, `aborted`, `bad-argument` where it can't
 * be written, and what asking throws
 */
export async function fetchFile(options: {
  readonly source: FileSource;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly progress?: (bytes: number) => void;
}): Promise<void> {
  const { source, path, signal, progress } = options;
  const partial = `${path}.${randomBytes(4).toString("hex")}.part`;
  const file = await create(partial);
  try {
    const hash = createHash("sha256");
    let done = 0;
    for await (const piece of piecesOf(source, signal)) {
      hash.update(piece);
      await file.writeFile(piece);
      done += piece.length;
      progress?.(done);
    }
    if (hash.digest("hex") !== source.sha256) {
      throw new SkeinError(
        "bad-message",
        "What came has another SHA-256 than was promised: the file changed meanwhile? Fetch it again.",
      );
    }
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw explained(error, path);
  }
}

/** Makes a file, and the folders that it lies in. */
async function create(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await open(path, "wx");
  } catch (error) {
    throw explained(error, dirname(path));
  }
}

/** A disk's refusal as a sentence; any other error as it is. */
function explained(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return error;
  return new SkeinError(
    "bad-argument",
    `${path} can't be written (${error.code}): check the folder, its rights and its disk.`,
    {
      cause: error,
    },
  );
}

/** The file's pieces in order. */
async function* piecesOf(source: FileSource, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = { from: 0, until: source.bytes, pieceBytes: chunkBytes, atOnce: piecesAtOnce };
  for await (const { piece, length } of inPieces(pieces, (offset, length) => source.read(offset, length))) {
    if (signal.aborted) throw new SkeinError("aborted", "The fetch was given up.");
    if (piece.length !== length) {
      throw new SkeinError("bad-message", "The file became shorter while it was fetched: fetch it again.");
    }
    yield piece;
  }
}
