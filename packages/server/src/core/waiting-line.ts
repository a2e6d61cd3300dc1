/**
 * Things that all wait for the same length of time, in the order in which they began: the first is always the next due, so
 * one timer serves any number of them.
 */
export class WaitingLine<Item> {
  readonly #waitMs: number;
  readonly #dueMs = new Map<Item, number>();

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Begins the wait, or begins it again. */
  add(item: Item, nowMs: number): void {
    this.#dueMs.delete(item);
    this.#dueMs.set(item, nowMs + this.#waitMs);
  }

  delete(item: Item): void {
    this.#dueMs.delete(item);
  }

  clear(): void {
    this.#dueMs.clear();
  }

  /** When the first is due. */
  deadline(): number | undefined {
    for (const dueMs of this.#dueMs.values()) return dueMs;
    return undefined;
  }

  /** Takes out all that are due. */
  takeDue(nowMs: number): Item[] {
    const due: Item[] = [];
    for (const [item, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) break;
      due.push(item);
      this.#dueMs.delete(item);
    }
    return due;
  }
}
