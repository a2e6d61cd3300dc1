import { expect, it } from "vitest";
import { Store } from "./store.js";

it("tells views once, however much changed", () => {
  const scheduled: (() => void)[] = [];
  const store = new Store((run) => scheduled.push(run));
  const seen: number[] = [];
  store.listen(({ log }) => seen.push(log.length));
  store.note("one");
  store.note("two");
  expect(scheduled).toHaveLength(1);
  scheduled[0]?.();
  expect(seen).toEqual([0, 2]);
});

it("counts what is said twice in a row, and forgets what is long past", () => {
  const store = new Store(() => {});
  store.note("again");
  store.note("again");
  expect(store.state.log.map(({ text, times }) => [text, times])).toEqual([["again", 2]]);
  for (let index = 0; index < 1_000; index += 1) store.note(String(index));
  expect(store.state.log).toHaveLength(60);
  expect(store.state.log[0]?.text).toBe("999");
});
