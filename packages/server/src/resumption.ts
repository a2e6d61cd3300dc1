/** What can be read on. */
export interface Resumable {
  /** Reads a portion; true where it wants another turn. */
  readOn(): boolean;
}

/**
 * Has those who waited read on, one in each turn of the event loop, and a portion each. All who share a limit have room under it at the same
 * moment: read together, or to the last of what came meanwhile, they would keep everyone else waiting.
 */
export class Resumption {
  readonly #waiting = new Set<Resumable>();
  readonly #step = (): void => this.#resumeNext();

  /** Has it read on when its turn comes. */
  add(resumable: Resumable): void {
    if (this.#waiting.has(resumable)) return;
    this.#waiting.add(resumable);
    if (this.#waiting.size === 1) setImmediate(this.#step);
  }

  #resumeNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    if (this.#waiting.size > 0) setImmediate(this.#step);
    if (next.readOn()) this.add(next);
  }
}
