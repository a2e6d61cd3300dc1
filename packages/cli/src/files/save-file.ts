import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SkeinError } from "@skein/protocol";

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
    { cause: error },
  );
}
