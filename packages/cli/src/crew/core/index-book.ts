import type { FileEntry, IndexEntry } from "../protocol.js";

/** What all sets of a room hold, as the keeper of the index knows it. */
export class IndexBook {
  readonly #sets = new Map<string, { readonly revision: number; readonly files: readonly FileEntry[] }>();

  /** Whether a set is known as it is now. */
  knows(set: string, revision: number): boolean {
    return this.#sets.get(set)?.revision === revision;
  }

  learn(set: string, revision: number, files: readonly FileEntry[]): void {
    this.#sets.set(set, { revision, files });
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
}
