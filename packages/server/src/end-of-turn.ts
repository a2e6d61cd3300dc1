/** Whatever holds back what it sends in a turn of the event loop. */
export interface Flushable {
  flush(): void;
}

/** As many are written to in one go: the first of them isn't to wait for all that others sent in a long turn. */
const waitingMost = 64;

/**
 * The end of a turn of the event loop, for all connections together: what was read in it goes out then. A call after each read would cost
 * a tenth of what a forward does, and would part what comes to one client from several.
 */
export class EndOfTurn {
  #waiting: Flushable[] = [];
  readonly #end = (): void => this.#flush();

  /** Has it flushed at the end of this turn, or before. */
  add(flushable: Flushable): void {
    const count = this.#waiting.push(flushable);
    if (count === 1) setImmediate(this.#end);
    if (count === waitingMost) this.#flush();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flushable of waiting) flushable.flush();
  }
}
