/** What the processes of a world wait for: each wait has to end, unless its process does. */
export class Waits {
  readonly #open = new Map<object, Set<string>>();
  #count = 0;

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** Those that haven't ended. */
  get open(): readonly string[] {
    return [...this.#open.values()].flatMap((waits) => [...waits]);
  }

  /** Passes on what comes of it; `life` is the run of a program whose wait it is. */
  async track<Value>(life: object, what: string, promise: Promise<Value>): Promise<Value> {
    const waits = this.#open.get(life) ?? new Set();
    this.#open.set(life, waits);
    const name = `${what} (${++this.#count})`;
    waits.add(name);
    try {
      return await promise;
    } finally {
      waits.delete(name);
    }
  }

  /** Its process has ended: nothing of it waits any more. */
  end(life: object): void {
    this.#open.delete(life);
  }
}
