import type { Clock } from "../clock.js";

/** The one timer of a shell: it follows its core's deadline. */
export class Alarm {
  #cancel: (() => void) | undefined;
  #atMs: number | undefined;
  readonly #clock: Clock;
  readonly #ring: () => void;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this time, or never. Setting it again moves it. */
  set(atMs: number | undefined): void {
    if (atMs === this.#atMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#atMs = atMs;
    if (atMs === undefined) return;
    this.#cancel = this.#clock.after(Math.max(0, atMs - this.#clock.nowMs()), () => {
      this.#atMs = undefined;
      this.#ring();
    });
  }
}
