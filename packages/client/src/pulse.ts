import { Alarm, type Clock } from "./clock.js";
import { sampleMs } from "./core/sleep.js";

/** One timer for all of a room that looks at something time and again. It runs for as long as anyone listens. */
export class Pulse {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => this.#beat());
  }

  /** Calls back at each beat; gives what ends that. */
  listen(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#arm();
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#alarm.set(undefined);
    };
  }

  #beat(): void {
    this.#arm();
    for (const listener of [...this.#listeners]) listener();
  }

  #arm(): void {
    this.#alarm.set(this.#clock.nowMs() + sampleMs);
  }
}
