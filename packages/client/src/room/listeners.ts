import { isFromOutside, type SkeinError } from "@skein/protocol";

/**
 * Calls a listener. Its error is its own: it is reported as uncaught, and nothing here stops for it, neither do other listeners. But where
 * its promise fails by what comes from outside, as where the peer that it greets has left, that is told instead.
 */
export function callListener<Event>(
  listener: (event: Event) => unknown,
  event: Event,
  tell: (error: SkeinError) => void,
): void {
  try {
    const result = listener(event);
    if (!(result instanceof Promise)) return;
    void result.catch((error) => {
      if (!isFromOutside(error)) throw error;
      tell(error);
    });
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
