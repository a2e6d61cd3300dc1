import { isFromOutside } from "@skein/protocol";

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
