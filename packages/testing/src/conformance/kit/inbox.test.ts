import { expect, it } from "vitest";
import { Unmet } from "./check.js";
import { Inbox } from "./inbox.js";

const inbox = () => new Inbox<number>(5, (number) => `the number ${number}`);

it("gives the first that fits, and passes over what came before it", async () => {
  const numbers = inbox();
  for (const number of [1, 2, 3]) numbers.add(number);
  expect(await numbers.take("an even number", (number) => number % 2 === 0)).toBe(2);
  expect(numbers.rest).toEqual([3]);
});

it("waits for what comes later", async () => {
  const numbers = new Inbox<number>(60_000, String);
  const taken = numbers.take("a number", () => true);
  numbers.add(7);
  expect(await taken).toBe(7);
});

it("says what came in place of what was expected", async () => {
  const numbers = inbox();
  numbers.add(1);
  const error: unknown = await numbers.take("an even number", (number) => number % 2 === 0).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(Unmet);
  expect(error).toMatchObject({ expected: "an even number", came: "the number 1, within 0.005 s" });
});

it("says that nothing comes any more, without waiting", async () => {
  const numbers = new Inbox<number>(60_000, String);
  numbers.end("it closed");
  await expect(numbers.take("a number", () => true)).rejects.toMatchObject({
    came: "nothing, then the end (it closed)",
  });
});
