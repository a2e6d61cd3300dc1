import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createIdentity, type Identity, loadIdentity, SkeinError, saveIdentity } from "@skein/protocol";
import { explainDisk } from "../files/disk.js";

/**
 * The identity in a file; a new one, kept there for next time, where there is no such file.
 * `warn` hears of a file that others on this machine can read.
 */
export function identityFrom(file: string, warn: (sentence: string) => void): Identity {
  try {
    const saved = readFileSync(file, "utf8");
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
      warn(`Others on this machine can read ${file}, and so be this peer: chmod 600 ${file}`);
    }
    return loadIdentity(saved);
  } catch (error) {
    if (!isMissing(error)) throw unusable(file, error);
  }
  const identity = createIdentity();
  try {
    // `wx`: where another process makes the file at the same moment, one of the two fails rather than both differ.
    writeFileSync(file, `${saveIdentity(identity)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    // What isn't there, of a file that shall be made, is its folder.
    throw isMissing(error)
      ? explainDisk(error, dirname(resolve(file)), "written")
      : explainDisk(error, file, "written");
  }
  return identity;
}

/** The one line of a file that holds a secret or a token. */
export function lineFrom(file: string): string {
  let line: string;
  try {
    line = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw unusable(file, error);
  }
  if (line !== "") return line;
  throw new SkeinError("bad-argument", `${file} is empty: it should hold one line.`);
}

/**
 * Where a token comes from: a file, read again at each connection, since tokens are renewed. Read once beforehand too, so
 * that a wrong path is told before anything else is tried.
 */
export function tokenFrom(file: string): () => string {
  lineFrom(file);
  return () => lineFrom(file);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function unusable(file: string, error: unknown): unknown {
  if (SkeinError.is(error)) return new SkeinError(error.code, `${file}: ${error.message}`, { cause: error });
  return explainDisk(error, file, "read");
}
