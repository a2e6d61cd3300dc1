import { Unmet } from "./check.js";

/** What came from the other side, in order, until someone asks for it. */
export class Inbox<Item> {
  readonly #timeoutMs: number;
  readonly #describe: (item: Item) => string;
  readonly #items: Item[] = [];
  #ended: string | undefined;
  #waiting: (() => void)[] = [];

  /** @param describe says in a few words what an item is. */
  constructor(timeoutMs: number, describe: (item: Item) => string) {
    this.#timeoutMs = timeoutMs;
    this.#describe = describe;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Nothing comes any more, and why. */
  end(reason: string): void {
    this.#ended ??= reason;
    this.#wake();
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Something may come again. */
  reopen(): void {
    this.#ended = undefined;
  }

  /** All that came and wasn't asked for. */
  drain(): Item[] {
    return this.#items.splice(0);
  }

  /** What came and wasn't asked for. */
  get rest(): readonly Item[] {
    return this.#items;
  }

  /**
   * The first that fits; what came before it is passed over.
   * @param expected what it is, for people.
   * @throws {Unmet} where none comes in time, or nothing comes any more.
   */
  async take<Wanted extends Item>(
    expected: string,
    fits: ((item: Item) => item is Wanted) | ((item: Item) => boolean),
    timeoutMs = this.#timeoutMs,
  ): Promise<Wanted> {
    const passed: string[] = [];
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
        if (fits(item)) return item as Wanted;
        passed.push(this.#describe(item));
      }
      const before = passed.length === 0 ? "nothing" : passed.slice(-4).join(", ");
      if (this.#ended !== undefined) throw new Unmet(expected, `${before}, then the end (${this.#ended})`);
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new Unmet(expected, `${before}, within ${timeoutMs / 1000} s`);
      await this.#more(leftMs);
    }
  }

  #more(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** @throws {Unmet} where the promise takes too long */
export async function inTime<Value>(expected: string, promise: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unmet(expected, `nothing, within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
