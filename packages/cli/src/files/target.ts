import { isAbsolute, relative, resolve } from "node:path";
import { SkeinError } from "@skein/protocol";
import { whyUnsafe } from "./safe-path.js";

/**
 * Where a fetched file goes: inside the folder, under its name. The name may come from a peer, so whatever could lead out of
 * the folder, or means something else on another system, is refused.
 * @throws {SkeinError} `bad-argument`
 */
export function targetPath(folder: string, name: string): string {
  const root = resolve(folder);
  const path = resolve(root, name);
  const inside = relative(root, path);
  if (whyUnsafe(name, "win32") !== undefined || inside === "" || inside.startsWith("..") || isAbsolute(inside)) {
    throw new SkeinError("bad-argument", "This file's name would lead out of the folder for downloads: it is refused.");
  }
  return path;
}
