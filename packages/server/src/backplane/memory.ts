import type { Backplane, BackplaneListener } from "./backplane.js";

/** A backplane within one process: for tests, simulated worlds, and programs that run several servers. */
export interface MemoryBackplane {
  /** One node's end. */
  connect(): Backplane;
  /** Messages go and come no more, and those under way are lost, until {@link MemoryBackplane.start}. */
  stop(): void;
  /** Messages go and come again. */
  start(): void;
}

/**
 * @example
 * const memory = createMemoryBackplane();
 * const one = await createServer({ port: 0, backplane: { backplane: memory.connect() } });
 * const other = await createServer({ port: 0, backplane: { backplane: memory.connect() } });
 */
export function createMemoryBackplane(): MemoryBackplane {
  const bus = new Bus();
  return {
    connect: () => new MemoryEnd(bus),
    stop: () => bus.stop(),
    start: () => bus.start(),
  };
}

class Bus {
  readonly ends = new Set<MemoryEnd>();
  /** Counts stops: what was under way before one doesn't arrive after it. */
  #run = 0;
  #isUp = true;

  get isUp(): boolean {
    return this.#isUp;
  }

  stop(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#run++;
    for (const end of this.ends) end.tell("down");
  }

  start(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    for (const end of this.ends) end.tell("up");
  }

  publish(subject: string, bytes: Uint8Array): void {
    if (!this.#isUp) return;
    const run = this.#run;
    // Whoever publishes isn't called back by it.
    queueMicrotask(() => {
      if (run !== this.#run) return;
      for (const end of this.ends) end.hear(subject, bytes);
    });
  }
}

class MemoryEnd implements Backplane {
  readonly kind = "memory";
  readonly bufferedBytes = 0;
  readonly #bus: Bus;
  readonly #subjects = new Set<string>();
  #listener: BackplaneListener | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  start(listener: BackplaneListener): void {
    this.#listener = listener;
    this.#bus.ends.add(this);
    queueMicrotask(() => {
      if (this.#bus.isUp) this.tell("up");
    });
  }

  publish(subject: string, bytes: Uint8Array): void {
    this.#bus.publish(subject, bytes);
  }

  subscribe(subject: string): void {
    this.#subjects.add(subject);
  }

  unsubscribe(subject: string): void {
    this.#subjects.delete(subject);
  }

  async close(): Promise<void> {
    // What was published before it is under way.
    await Promise.resolve();
    this.#bus.ends.delete(this);
    this.#listener = undefined;
  }

  tell(news: "up" | "down"): void {
    this.#listener?.[news]();
  }

  hear(subject: string, bytes: Uint8Array): void {
    // Each has bytes of its own, as from a socket.
    if (this.#subjects.has(subject)) this.#listener?.message(Uint8Array.from(bytes));
  }
}
