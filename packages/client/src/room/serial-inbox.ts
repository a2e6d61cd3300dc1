import type { Rejected } from "@skein/protocol";
import { deferred } from "../deferred.js";

/** What may wait at once. A server within its rules never gets near. */
const waitingMost = 10_000;
/** What they may hold: a room's cards, and every signal that comes while they are checked. */
const waitingBytesMost = 32 * 1024 * 1024;

/**
 * Runs what signalling tells one thing after the other: checking a card takes a while, and a signal that comes right
 * behind must not overtake it.
 */
export class SerialInbox {
  readonly #overflow: (rejection: Rejected) => void;
  readonly #started = deferred<void>();
  #tail: Promise<void> = this.#started.promise;
  #waiting = 0;
  #waitingBytes = 0;
  #state: "open" | "closed" = "open";

  constructor(overflow: (rejection: Rejected) => void) {
    this.#overflow = overflow;
  }

  /** @param bytes what the task keeps in memory while it waits, where that is worth counting. */
  add(task: () => void | Promise<void>, bytes = 0): void {
    if (this.#state === "closed") return;
    if (this.#waiting >= waitingMost || this.#waitingBytes + bytes > waitingBytesMost) {
      return this.#overflow({ ok: false, code: "over-limit", reason: "more from the server than can be checked" });
    }
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.#tail = this.#tail.then(async () => {
      this.#waiting--;
      this.#waitingBytes -= bytes;
      try {
        if (this.#state === "open") await task();
      } catch (error) {
        // An app's own error (its `admit` threw): reported as uncaught, and nothing behind it stops for it.
        queueMicrotask(() => {
          throw error;
        });
      }
    });
  }

  /** Until now everything waits: nobody is told anything before they could listen. */
  start(): void {
    this.#started.resolve();
  }

  /** What waits is forgotten. */
  close(): void {
    this.#state = "closed";
  }
}
