import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SkeinError } from "@skein/protocol";
import { explainDisk } from "./disk.js";
import { makeFolder } from "./make-folder.js";

/**
 * Writes bytes to `path`. They are written beside it, and get its name once all are there: nobody ever finds half a file. Gives their SHA-256 in
 * hexadecimal.
 * @throws {SkeinError} `aborted`, `bad-argument` where it can't be written, and what the bytes' source throws
 */
export async function saveFile(options: {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly path: string;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { bytes, path, signal } = options;
  const partial = `${path}.${randomBytes(4).toString("hex")}.part`;
  const file = await create(partial);
  try {
    const hash = createHash("sha256");
    for await (const piece of bytes) {
      if (signal.aborted) throw new SkeinError("aborted", "The fetch was given up.");
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
    await file.close();
    await rename(partial, path);
    return hash.digest("hex");
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw explainDisk(error, path, "written");
  }
}

/** Makes a file, and the folders that it lies in. */
async function create(path: string): Promise<FileHandle> {
  try {
    await makeFolder(dirname(path));
    return await open(path, "wx");
  } catch (error) {
    throw explainDisk(error, dirname(path), "written");
  }
}
