interface Entry<Item> {
  readonly item: Item;
  readonly dueMs: number;
}

/** Things that are due at times of their own: a binary heap, the earliest on top. What was put off or taken out is skipped when its time comes. */
export class Agenda<Item> {
  readonly #heap: Entry<Item>[] = [];
  /** What counts: entries of the heap that say otherwise are left over. */
  readonly #dueMs = new Map<Item, number>();

  get size(): number {
    return this.#dueMs.size;
  }

  /** Notes when the item is due, whatever was noted of it before. */
  set(item: Item, dueMs: number): void {
    this.#dueMs.set(item, dueMs);
    this.#push({ item, dueMs });
  }

  delete(item: Item): void {
    this.#dueMs.delete(item);
  }

  /** When the first is due. */
  deadline(): number | undefined {
    this.#dropLeftOver();
    return this.#heap[0]?.dueMs;
  }

  /** Takes out all that are due. */
  takeDue(nowMs: number): Item[] {
    const due: Item[] = [];
    for (let atMs = this.deadline(); atMs !== undefined && atMs <= nowMs; atMs = this.deadline()) {
      const first = this.#pop();
      if (first === undefined) break;
      this.#dueMs.delete(first.item);
      due.push(first.item);
    }
    return due;
  }

  #dropLeftOver(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#dueMs.get(first.item) === first.dueMs) return;
      this.#pop();
    }
  }

  #push(entry: Entry<Item>): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.dueMs <= entry.dueMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): Entry<Item> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    this.#sink(last);
    return first;
  }

  /** Puts an entry on top, and lets it down to where it belongs. */
  #sink(entry: Entry<Item>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const smaller = right !== undefined && right.dueMs < left.dueMs ? right : left;
      if (smaller.dueMs >= entry.dueMs) break;
      heap[at] = smaller;
      at = 2 * at + (smaller === right ? 2 : 1);
    }
    heap[at] = entry;
  }
}
