import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Resumable, Resumption } from "./resumption.js";

/** @param portions how many each has to read. */
function crowd(size: number, portions = 1): { readonly sockets: readonly Resumable[]; readonly resumed: number[] } {
  const resumed: number[] = [];
  const sockets = Array.from({ length: size }, (_, number) => {
    let left = portions;
    return { readOn: () => resumed.push(number) > 0 && --left > 0 };
  });
  return { sockets, resumed };
}

test("of those that may be read again at once, one is in each turn, in their order", async () => {
  const { sockets, resumed } = crowd(20);
  const resumption = new Resumption();
  for (const socket of sockets) resumption.add(socket);
  expect(resumed).toEqual([]);
  for (let turn = 1; resumed.length < sockets.length; turn++) {
    const before = resumed.length;
    await nextTurn();
    expect(resumed.length - before).toBeLessThanOrEqual(1);
    expect(turn).toBeLessThan(50);
  }
  expect(resumed).toEqual([...sockets.keys()]);
});

test("one that comes alone, and comes again, is read in the next turn each time", async () => {
  const { sockets, resumed } = crowd(1);
  const [socket] = sockets as [Resumable];
  const resumption = new Resumption();
  for (let round = 1; round <= 3; round++) {
    resumption.add(socket);
    resumption.add(socket);
    await nextTurn();
    await nextTurn();
    expect(resumed).toHaveLength(round);
  }
});

test("one that comes while others wait has its turn behind them", async () => {
  const { sockets, resumed } = crowd(3);
  const [first, second, third] = sockets as [Resumable, Resumable, Resumable];
  const resumption = new Resumption();
  const again = {
    readOn: () => {
      resumption.add(third);
      return first.readOn();
    },
  };
  resumption.add(again);
  resumption.add(second);
  while (resumed.length < 3) await nextTurn();
  expect(resumed).toEqual([0, 1, 2]);
});

test("who has more to read has its next turn behind the others", async () => {
  const { sockets, resumed } = crowd(2, 3);
  const resumption = new Resumption();
  for (const socket of sockets) resumption.add(socket);
  while (resumed.length < 6) await nextTurn();
  await nextTurn();
  expect(resumed).toEqual([0, 1, 0, 1, 0, 1]);
});
