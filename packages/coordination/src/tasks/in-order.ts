/** Runs a function over items, so many at once, and gives the results in the items' order. What is under way when it ends is told to end. */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  inFlight: number,
  run: (item: Item, index: number, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const controller = new AbortController();
  const source = iterate(items);
  const open: Promise<Result>[] = [];
  let index = 0;
  try {
    for (let isOver = false; ; ) {
      while (!isOver && open.length < inFlight) {
        const step = await source.next();
        isOver = step.done === true;
        if (step.done) break;
        const result = run(step.value, index++, controller.signal);
        // Whoever waits for an earlier one hears of its failure first.
        result.catch(() => {});
        open.push(result);
      }
      const first = open.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    controller.abort();
    await source.return();
    await Promise.allSettled(open);
  }
}

async function* iterate<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncGenerator<Item, void, void> {
  yield* items;
}
