import { type ErrorCode, SkeinError } from "@skein/protocol";

/** Mistakes of the program that makes the call. */
const ownMistakes: ReadonlySet<ErrorCode> = new Set(["bad-argument", "bad-body", "no-engine", "too-large"]);

/** Whether another peer, the server or the network brought a failure about, or the program's own wish: it is no mistake to be told loudly. */
export function isFromOutside(error: unknown): error is SkeinError {
  return error instanceof SkeinError && !ownMistakes.has(error.code);
}

/**
 * The promise of a call that fails. Where nobody waits for it, what comes from outside is no unhandled rejection, which would end a
 * program on Node: no peer may do that by leaving. Streams treat their promises alike (WHATWG Streams, \[\[PromiseIsHandled]]).
 */
export function failed(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  excuse(promise, error);
  return promise;
}

/** As {@link failed}, for a promise that fails just now. */
export function excuse(promise: Promise<unknown>, error: unknown): void {
  if (isFromOutside(error)) promise.catch(() => {});
}
