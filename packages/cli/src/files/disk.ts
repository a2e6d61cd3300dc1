import { SkeinError } from "@skein/protocol";

/** What the operating system says no with. */
type DiskError = Error & { readonly code: string; readonly syscall: string };

export function isDiskError(error: unknown): error is DiskError {
  return error instanceof Error && "syscall" in error && "code" in error;
}

const sentences: Readonly<Record<string, string>> = {
  EACCES: "you have no right to it",
  EPERM: "you have no right to it",
  ENOENT: "it isn't there",
  ENOTDIR: "a part of its path is a file",
  EISDIR: "a folder is in its place",
  EEXIST: "something else is in its place",
  ENOTEMPTY: "a folder is in its place",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "the disk is full",
  EDQUOT: "your quota is used up",
  EROFS: "the disk is read-only",
};

/** A disk's refusal as the rest of a sentence. */
export function whyDisk({ code }: DiskError): string {
  return sentences[code] ?? `the disk says ${code}`;
}

/** A disk's refusal as a sentence of its own; any other error as it is. */
export function explainDisk(error: unknown, path: string, what: "read" | "written"): unknown {
  if (!isDiskError(error)) return error;
  return new SkeinError("bad-argument", `${path} can't be ${what}: ${whyDisk(error)}.`, { cause: error });
}

/** Refusals that the next file would meet as well. */
const ofWholeDisk: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE"]);

export function isOfWholeDisk({ code }: DiskError): boolean {
  return ofWholeDisk.has(code);
}
