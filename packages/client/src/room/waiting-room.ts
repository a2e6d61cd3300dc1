import { type RequestOptions, SkeinError } from "@skein/protocol";
import type { Clock } from "../clock.js";
import { excuse, failed } from "../failure.js";

/** How long a send may wait for a link. */
export const connectTimeoutMs = 30_000;

interface Waiter<Waited> {
  admit(waited: Waited): void;
  fail(error: SkeinError): void;
}

/** Calls that wait for something to be there, each for as long as its caller allows. */
export class WaitingRoom<Waited> {
  readonly #clock: Clock;
  /** What they wait for, for people: `a link to peer …`. */
  readonly #what: string;
  readonly #waiters = new Set<Waiter<Waited>>();

  constructor(clock: Clock, what: string) {
    this.#clock = clock;
    this.#what = what;
  }

  /** Runs once it is there. The wait is no longer than {@link connectTimeoutMs}, or than the caller allows. */
  wait<Result>(run: (waited: Waited) => Promise<Result>, options: RequestOptions): Promise<Result> {
    const { signal, timeoutMs = connectTimeoutMs } = options;
    if (signal?.aborted) return failed(abortedError(this.#what, signal));
    const waitMs = Math.min(timeoutMs, connectTimeoutMs);
    const result = new Promise<Result>((resolve, reject) => {
      const settle = () => {
        this.#waiters.delete(waiter);
        cancel();
        signal?.removeEventListener("abort", abort);
      };
      const giveUp = (error: unknown) => {
        reject(error);
        excuse(result, error);
      };
      const waiter: Waiter<Waited> = {
        admit: (waited) => {
          settle();
          run(waited).then(resolve, giveUp);
        },
        fail: (error) => {
          settle();
          giveUp(error);
        },
      };
      const abort = () => waiter.fail(abortedError(this.#what, signal));
      const cancel = this.#clock.after(waitMs, () =>
        waiter.fail(new SkeinError("timeout", `No ${this.#what} after ${waitMs} ms: is a network between you?`)),
      );
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
    });
    return result;
  }

  /** It is there: all run, in the order of their calls. */
  admit(waited: Waited): void {
    for (const waiter of [...this.#waiters]) waiter.admit(waited);
  }

  /** It won't be there any more. */
  fail(error: SkeinError): void {
    for (const waiter of [...this.#waiters]) waiter.fail(error);
  }
}

function abortedError(what: string, signal: AbortSignal | undefined): SkeinError {
  return new SkeinError("aborted", `The wait for a ${what} was aborted by its caller.`, { cause: signal?.reason });
}
