/** How long it took, and how long each part of it. */
export interface Times {
  readonly elapsedMs: number;
  readonly eachMs: readonly number[];
}

/** Does something so many times, so many of them at a time. */
export async function inFlight(total: number, most: number, run: (number: number) => Promise<void>): Promise<Times> {
  const eachMs: number[] = [];
  let next = 0;
  const one = async () => {
    for (let number = next++; number < total; number = next++) {
      const startedMs = performance.now();
      await run(number);
      eachMs.push(performance.now() - startedMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: most }, one));
  return { elapsedMs: performance.now() - startedMs, eachMs };
}
