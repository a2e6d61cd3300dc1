import { SkeinError, type Unsubscribe } from "@skein/protocol";
import type { Clock } from "../clock.js";

export interface Wait {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** What is waited for, for people. */
  readonly what: string;
  isClosed(): boolean;
}

/**
 * Waits until there is a value.
 * @throws {SkeinError} `timeout`, `aborted`, `closed`
 */
export function waitFor<Value>(
  look: () => Value | undefined,
  subscribe: (changed: () => void) => Unsubscribe,
  { clock, timeoutMs, signal, what, isClosed }: Wait,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const end = (settle: () => void): void => {
      for (const stop of stops.splice(0)) stop();
      settle();
    };
    const fail = (error: SkeinError): void => end(() => reject(error));
    const abort = (): void => fail(new SkeinError("aborted", `The wait for ${what} was given up.`));
    const check = (): void => {
      if (isClosed()) return fail(new SkeinError("closed", `There will be no ${what}: it was closed.`));
      const value = look();
      if (value !== undefined) end(() => resolve(value));
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    stops.push(
      () => signal?.removeEventListener("abort", abort),
      subscribe(check),
      clock.after(timeoutMs, () => fail(new SkeinError("timeout", `There was no ${what} within ${timeoutMs} ms.`))),
    );
    check();
  });
}
