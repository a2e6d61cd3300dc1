/** Lets so many work at once; the others wait in the order in which they came. */
class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  /** How many work or wait. */
  #inside = 0;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  get isIdle(): boolean {
    return this.#inside === 0;
  }

  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#inside++;
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#inside--;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/**
 * Lets so many work at once, and of each origin one: whoever comes again and again waits for itself, and takes neither the others' turns
 * nor their processor. What has no origin is held to the first alone.
 */
export class Turnstiles {
  readonly #all: Turnstile;
  readonly #ofOrigins = new Map<object, Turnstile>();

  constructor(atOnce: number) {
    this.#all = new Turnstile(atOnce);
  }

  async pass<Result>(origin: object | undefined, work: () => Promise<Result>): Promise<Result> {
    if (origin === undefined) return this.#all.pass(work);
    const own = this.#ofOrigins.get(origin) ?? new Turnstile(1);
    this.#ofOrigins.set(origin, own);
    try {
      return await own.pass(() => this.#all.pass(work));
    } finally {
      if (own.isIdle) this.#ofOrigins.delete(origin);
    }
  }
}
