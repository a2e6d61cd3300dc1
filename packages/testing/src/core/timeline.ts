/** Something that happens at a time, unless it is cancelled before. */
interface Entry {
  readonly atMs: number;
  /** Among those of one time, who was first to be scheduled is first to happen. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** Times are whole multiples of 1/1024 ms: so their sums and differences are exact, and what is due is due. */
const ticksPerMs = 1_024;

/**
 * A world's time: it moves from one thing that happens to the next, and stands still in between.
 *
 * Invariants: time never goes back; what is scheduled for one time happens in the order of its scheduling.
 */
export class Timeline {
  /** A binary heap: the next entry is the first. */
  readonly #heap: Entry[] = [];
  #nowMs = 0;
  #scheduled = 0;
  #cancelled = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** What is still to come. */
  get pending(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** When the next thing happens. */
  get nextAtMs(): number | undefined {
    return this.#peek()?.atMs;
  }

  /** Schedules something, not earlier than now; gives what cancels it. */
  at(atMs: number, run: () => void): () => void {
    const dueMs = Math.max(this.#nowMs, Math.ceil(atMs * ticksPerMs) / ticksPerMs);
    const entry: Entry = { atMs: dueMs, order: ++this.#scheduled, run };
    this.#push(entry);
    return () => {
      if (entry.run === undefined) return;
      entry.run = undefined;
      this.#cancelled++;
    };
  }

  /** A delay is rounded before it is added: one so short that a late time swallows it would never let time go on. */
  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#nowMs + Math.ceil(delayMs * ticksPerMs) / ticksPerMs, run);
  }

  /** Moves to the next thing, if it comes by then, and lets it happen; false where none does: then it is that time. */
  step(untilMs: number): boolean {
    const next = this.#peek();
    if (next === undefined || next.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, Math.ceil(untilMs * ticksPerMs) / ticksPerMs);
      return false;
    }
    this.#pop();
    this.#nowMs = next.atMs;
    const { run } = next;
    next.run = undefined;
    run?.();
    return true;
  }

  /** The first entry that isn't cancelled. */
  #peek(): Entry | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.run !== undefined) return first;
      this.#pop();
      this.#cancelled--;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent] as Entry, entry)) break;
      heap[place] = heap[parent] as Entry;
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as Entry, heap[child] as Entry)) child = right;
      if (isBefore(last, heap[child] as Entry)) break;
      heap[place] = heap[child] as Entry;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
