import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EndOfTurn, type Flushable } from "./end-of-turn.js";

function counted(): Flushable & { flushes: number } {
  return {
    flushes: 0,
    flush() {
      this.flushes++;
    },
  };
}

describe("the end of a turn", () => {
  test("flushes whatever was added in it, once, and not before", async () => {
    const turn = new EndOfTurn();
    const [first, second] = [counted(), counted()];
    turn.add(first);
    await Promise.resolve();
    turn.add(second);
    expect([first.flushes, second.flushes]).toEqual([0, 0]);
    await nextTurn();
    await nextTurn();
    expect([first.flushes, second.flushes]).toEqual([1, 1]);
  });

  test("doesn't keep many waiting: they are flushed as soon as they are many, and those after them at the end", async () => {
    const turn = new EndOfTurn();
    const all = Array.from({ length: 65 }, counted);
    for (const flushable of all) turn.add(flushable);
    expect(all.map(({ flushes }) => flushes)).toEqual([...Array.from({ length: 64 }, () => 1), 0]);
    await nextTurn();
    expect(all.every(({ flushes }) => flushes === 1)).toBe(true);
  });

  test("what is added while it flushes waits for the next", async () => {
    const turn = new EndOfTurn();
    const later = counted();
    turn.add({ flush: () => turn.add(later) });
    await nextTurn();
    await nextTurn();
    expect(later.flushes).toBe(1);
  });
});
