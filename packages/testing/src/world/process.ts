import type { Clock } from "@skein/client";
import type { SeededRandom } from "../core/seeded-random.js";
import type { Timeline } from "../core/timeline.js";

/** 2026-01-01: simulated days begin then. */
const epochMs = 1_767_225_600_000;

/** What becomes of the clock that only goes forward while a process stands still: platforms differ. */
export type SleepClock = "goes on" | "stands still";

type State =
  | { readonly phase: "running" }
  /** It is stopped, or its machine sleeps: what comes for it waits. */
  | { readonly phase: "paused"; readonly sinceMs: number; readonly waiting: (() => void)[] }
  | { readonly phase: "dead" };

/**
 * One run of a program: its clock, its timers, and whether it runs at all. All that reaches the program goes through here, so that a
 * process that is dead hears nothing, and one that is paused hears it later.
 */
export class Process {
  readonly random: SeededRandom;
  readonly clock: Clock;
  readonly #timeline: Timeline;
  readonly #failed: (error: unknown) => void;
  #state: State = { phase: "running" };
  readonly #bornMs: number;
  /** How long its forward clock stood still. */
  #stoodMs = 0;
  #wallOffsetMs = 0;
  #timers = 0;

  /** @param failed something that the program's callbacks threw. */
  constructor(timeline: Timeline, random: SeededRandom, failed: (error: unknown) => void) {
    this.#timeline = timeline;
    this.#failed = failed;
    this.random = random;
    this.#bornMs = timeline.nowMs;
    this.clock = {
      nowMs: () => this.#timeline.nowMs - this.#bornMs - this.#stoodMs,
      wallMs: () => epochMs + this.#timeline.nowMs + this.#wallOffsetMs,
      after: (delayMs, callback) => this.#after(delayMs, callback),
      // What happens next happens once no microtask is left, however many there were.
      atRest: (callback) => void this.#timeline.after(0, () => this.run(callback)),
    };
  }

  get phase(): State["phase"] {
    return this.#state.phase;
  }

  /** How many timers are armed. */
  get timers(): number {
    return this.#timers;
  }

  /** Lets the program deal with something that came for it: now, later, or never. */
  run(work: () => void): void {
    const state = this.#state;
    if (state.phase === "paused") state.waiting.push(work);
    if (state.phase !== "running") return;
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }

  pause(): void {
    if (this.#state.phase !== "running") return;
    this.#state = { phase: "paused", sinceMs: this.#timeline.nowMs, waiting: [] };
  }

  /** What waited comes at once, in its order. */
  resume(clock: SleepClock): void {
    const state = this.#state;
    if (state.phase !== "paused") return;
    if (clock === "stands still") this.#stoodMs += this.#timeline.nowMs - state.sinceMs;
    this.#state = { phase: "running" };
    for (const work of state.waiting) this.#timeline.after(0, () => this.run(work));
  }

  /** Someone sets the wall's clock. */
  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  kill(): void {
    this.#state = { phase: "dead" };
    this.#timers = 0;
  }

  #after(delayMs: number, callback: () => void): () => void {
    const dueMs = this.clock.nowMs() + Math.max(0, delayMs);
    let isArmed = true;
    this.#timers++;
    const disarm = (): void => {
      if (isArmed) this.#timers--;
      isArmed = false;
    };
    const ring = (): void => {
      if (!isArmed) return;
      const restMs = dueMs - this.clock.nowMs();
      // The clock stood still meanwhile, and so did the timer.
      if (restMs > 0) cancel = this.#timeline.after(restMs, () => this.run(ring));
      else {
        disarm();
        callback();
      }
    };
    let cancel = this.#timeline.after(delayMs, () => this.run(ring));
    return () => {
      disarm();
      cancel();
    };
  }
}
