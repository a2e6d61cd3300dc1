import type { Clock } from "../clock.js";

/** A wall clock that runs ahead of the other by more, was set; or the other stood still while the computer slept. */
const aheadMs = 250;

/**
 * Notices that the monotonic clock stood still: on some systems it does while the computer sleeps, and a lease would seem
 * to go on. The wall clock then runs ahead of it. One that is set forward looks the same, and costs a lease; one that is set
 * back says nothing, and nothing later is held against it.
 */
export class SleepWatch {
  readonly #clock: Clock;
  #offsetMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.wallMs() - clock.nowMs();
  }

  /** Whether that happened since it was asked last. */
  hasSlept(): boolean {
    const offsetMs = this.#clock.wallMs() - this.#clock.nowMs();
    const hasSlept = offsetMs - this.#offsetMs > aheadMs;
    // Small steps add up: an offset that grows is remembered as it was when it was least.
    if (hasSlept || offsetMs < this.#offsetMs) this.#offsetMs = offsetMs;
    return hasSlept;
  }
}
