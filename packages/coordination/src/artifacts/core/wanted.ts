import type { ArtifactId } from "./content-id.js";

/** What one peer wants of us: a chunk, or the list of hashes. */
export interface Wanted {
  readonly id: ArtifactId;
  readonly index: number | "list";
}

/** Of one peer at once. Who keeps to the protocol asks for half of it. */
export const wantedMost = 64;

/** What one peer waits for, in the order of its asking, each once. */
export class WantedQueue {
  readonly #wanted = new Map<string, Wanted>();

  get size(): number {
    return this.#wanted.size;
  }

  /** False where it wants too much. */
  add(wanted: Wanted): boolean {
    const key = `${wanted.id} ${wanted.index}`;
    if (this.#wanted.size >= wantedMost && !this.#wanted.has(key)) return false;
    this.#wanted.set(key, wanted);
    return true;
  }

  next(): Wanted | undefined {
    const first = this.#wanted.entries().next();
    if (first.done) return undefined;
    const [key, wanted] = first.value;
    this.#wanted.delete(key);
    return wanted;
  }

  /** It doesn't want that any more. */
  removeAll(id: ArtifactId): void {
    for (const [key, wanted] of this.#wanted) if (wanted.id === id) this.#wanted.delete(key);
  }
}
