/** What can be read on. */
export interface Resumable {
  resume(): void;
}

/**
 * Has sockets read on, one in each turn of the event loop. A read brings up to 64 KiB, some hundred packets, and all who share a limit have room
 * under it at the same moment: read together they would keep everyone else waiting.
 */
export class Resumption {
  readonly #waiting = new Set<Resumable>();
  readonly #step = (): void => this.#resumeNext();

  /** Has it read on when its turn comes. */
  add(socket: Resumable): void {
    if (this.#waiting.add(socket).size === 1) setImmediate(this.#step);
  }

  #resumeNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    if (this.#waiting.size > 0) setImmediate(this.#step);
    next.resume();
  }
}
