import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressesToTry,
  type ServerChoice,
  type ServerChoiceEvent,
  type ServerOrder,
  startServerChoice,
  stepServerChoice,
} from "./server-choice.js";

const joined: ServerChoiceEvent = { type: "joined" };
const failed = (...addresses: number[]): ServerChoiceEvent => ({ type: "failed", addresses });
const lost = (address: number): ServerChoiceEvent => ({ type: "lost", address });

function run(order: ServerOrder, count: number, ...events: ServerChoiceEvent[]): ServerChoice {
  return events.reduce(stepServerChoice, startServerChoice(order, count, 0.5));
}

/** What is tried, attempt by attempt, where nobody answers. */
function attempts(choice: ServerChoice, count: number): (readonly number[])[] {
  const tried: (readonly number[])[] = [];
  let now = choice;
  for (let i = 0; i < count; i++) {
    tried.push(addressesToTry(now));
    now = stepServerChoice(now, failed(...addressesToTry(now)));
  }
  return tried;
}

describe("which server to go to", () => {
  it.each<[string, ServerChoice, (readonly number[])[]]>([
    ["listed: one after another, and again from the first", run("listed", 3), [[0], [1], [2], [0], [1]]],
    [
      "listed, after the second was lost: the first again",
      run("listed", 3, failed(0), joined, lost(1)),
      [[0], [1], [2]],
    ],
    ["any: from one in the middle on, around", run("any", 3), [[1], [2], [0], [1], [2]]],
    ["any, after it was lost: the next", run("any", 3, joined, lost(1)), [[2], [0], [1]]],
    [
      "nearest: all at once",
      run("nearest", 3),
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ],
    [
      "nearest, after one was lost: the others, then all",
      run("nearest", 3, joined, lost(1)),
      [
        [0, 2],
        [0, 1, 2],
      ],
    ],
    [
      "nearest, where one answered and didn't let us in: the others",
      run("nearest", 3, failed(2)),
      [
        [0, 1],
        [0, 1, 2],
      ],
    ],
    ["one alone, whatever becomes of it", run("listed", 1, joined, lost(0), failed(0)), [[0], [0]]],
    ["one alone in any order", run("any", 1, joined, lost(0)), [[0], [0]]],
    ["one alone that is nearest", run("nearest", 1, joined, lost(0)), [[0], [0]]],
  ])("%s", (_, choice, tried) => {
    expect(attempts(choice, tried.length)).toEqual(tried);
  });

  it("is over with a round when all have failed, and not before", () => {
    expect(run("listed", 3, failed(0), failed(1)).rounds).toBe(0);
    expect(run("listed", 3, failed(0), failed(1), failed(2)).rounds).toBe(1);
    expect(run("nearest", 3, failed(0, 1, 2)).rounds).toBe(1);
    expect(run("any", 2, failed(1), failed(0), failed(0)).rounds).toBe(1);
  });

  it("begins anywhere, in any order alone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, roll) => {
        expect(addressesToTry(startServerChoice("listed", count, roll))).toEqual([0]);
        const [at = -1] = addressesToTry(startServerChoice("any", count, roll));
        expect(at).toBe(Math.min(count - 1, Math.floor(roll * count)));
      }),
    );
  });

  it("always has an address to try, and comes to each of them in a round in which none answers", () => {
    const event = fc.oneof(
      fc.constant(joined),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }).map((list) => failed(...list)),
      fc.nat(4).map(lost),
    );
    const order = fc.constantFrom<ServerOrder>("listed", "nearest", "any");
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 5 }), fc.array(event), (anyOrder, count, events) => {
        const real = events.map((one) =>
          one.type === "failed"
            ? failed(...one.addresses.map((address) => address % count))
            : one.type === "lost"
              ? lost(one.address % count)
              : one,
        );
        const choice = run(anyOrder, count, ...real);
        for (const address of addressesToTry(choice)) expect(address).toBeLessThan(count);
        const tried = attempts(choice, 2 * count);
        expect(tried.every((addresses) => addresses.length > 0)).toBe(true);
        expect(new Set(tried.flat()).size).toBe(count);
      }),
    );
  });
});
