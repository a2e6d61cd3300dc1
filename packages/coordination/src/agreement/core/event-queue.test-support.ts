interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** What happens when, in one simulated time: a heap, since worlds hold thousands of messages. */
export class EventQueue {
  readonly #heap: Due[] = [];
  #order = 0;
  nowMs = 0;

  after(inMs: number, run: () => void): void {
    const item = { atMs: this.nowMs + inMs, order: this.#order++, run };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Due;
      if (!isBefore(item, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const least = other !== undefined && isBefore(other, one) ? left + 1 : left;
      const child = heap[least] as Due;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = last;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
