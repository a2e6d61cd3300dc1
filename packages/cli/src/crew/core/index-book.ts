import type { FileEntry, IndexEntry } from "../protocol.js";

/** What all sets together may hold: peers can say anything of theirs. */
const entriesMost = 200_000;

/** What all sets of a room hold, as the keeper of the index knows it. */
export class IndexBook {
  readonly #sets = new Map<string, { readonly revision: number; readonly files: readonly FileEntry[] }>();

  /** Whether a set is known as it is now. */
  knows(set: string, revision: number): boolean {
    return this.#sets.get(set)?.revision === revision;
  }

  /** What there is no place for stays unknown. */
  learn(set: string, revision: number, files: readonly FileEntry[]): void {
    this.#sets.delete(set);
    const left = entriesMost - this.#count;
    this.#sets.set(set, { revision, files: files.length > left ? files.slice(0, left) : files });
  }

  /** Forgets the sets that nobody holds any more. */
  retain(held: ReadonlySet<string>): void {
    for (const set of this.#sets.keys()) if (!held.has(set)) this.#sets.delete(set);
  }

  /** All entries, or those of this name, or whose path ends in it. */
  *entries(wanted?: string): Generator<IndexEntry, void, void> {
    for (const [set, { files }] of this.#sets) {
      for (const { name, bytes } of files) {
        if (wanted === undefined || name === wanted || name.endsWith(`/${wanted}`)) yield { name, bytes, set };
      }
    }
  }

  get #count(): number {
    let count = 0;
    for (const { files } of this.#sets.values()) count += files.length;
    return count;
  }
}
