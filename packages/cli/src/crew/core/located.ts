import { SkeinError } from "@skein/client";
import type { IndexEntry } from "../protocol.js";

/** A file, and the sets that it is in. */
export interface Located {
  readonly file: string;
  readonly bytes: number;
  readonly sets: readonly string[];
}

/**
 * The one file that somebody means, of those that have this name or end in it.
 * @throws {SkeinError} `bad-argument` where there is none, or several end so
 */
export function theOne(wanted: string, entries: readonly IndexEntry[]): Located {
  const exact = entries.filter(({ name }) => name === wanted);
  const candidates = exact.length > 0 ? exact : entries;
  const names = [...new Set(candidates.map(({ name }) => name))];
  if (names.length > 1) {
    const some = names.slice(0, 4).join(", ");
    const more = names.length > 4 ? " …" : "";
    throw new SkeinError("bad-argument", `${names.length} files end in "${wanted}": say which, ${some}${more}`);
  }
  const [first] = candidates;
  if (first === undefined) {
    throw new SkeinError("bad-argument", `No agent in the room holds "${wanted}": \`find\` shows names of files.`);
  }
  return { file: first.name, bytes: first.bytes, sets: candidates.map(({ set }) => set) };
}
