/** Ends when the process is asked to end: by a signal, or because the program that started it is gone. */
export interface Stop extends Disposable {
  readonly signal: AbortSignal;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Takes over what the process does when it is told to end. The first signal aborts, so that there is time to say goodbye;
 * a second one ends at once.
 */
export function listenForStop(): Stop {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  // Whoever started us with a channel holds its other end for as long as it lives: also SIGKILL closes it.
  const orphaned = (): void => controller.abort();
  for (const signal of signals) process.on(signal, stop);
  process.on("disconnect", orphaned);
  process.channel?.unref();
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, stop);
      process.off("disconnect", orphaned);
    },
  };
}

/** Resolves when the signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
