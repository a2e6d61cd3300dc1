import { createHash } from "node:crypto";

const ending = ".skein-part";

/** What a file is called, beside its final name, until it is whole. Always the same, so that the next run finds it. */
export function partName(name: string): string {
  const plain = `.${name}${ending}`;
  if (Buffer.byteLength(plain) <= 255) return plain;
  // The file system takes no longer names.
  return `.${createHash("sha256").update(name).digest("base64url")}${ending}`;
}

/** Whether a name is kept for parts: nothing else is sent or received under it, in any case of its letters. */
export function isPartName(name: string): boolean {
  return name.startsWith(".") && name.toLowerCase().endsWith(ending);
}
