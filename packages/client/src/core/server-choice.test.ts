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
const drained = (address: number): ServerChoiceEvent => ({ type: "drained", address });

/** Anything that may happen, at one of the first five. */
const anyEvent = fc.oneof(
  fc.constant(joined),
  fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }).map((list) => failed(...list)),
  fc.nat(4).map(lost),
  fc.nat(4).map(drained),
);
const anyOrder = fc.constantFrom<ServerOrder>("listed", "by-room", "nearest", "any");

/** The same where there are fewer. */
function among(count: number, event: ServerChoiceEvent): ServerChoiceEvent {
  switch (event.type) {
    case "joined":
      return event;
    case "failed":
      return failed(...event.addresses.map((address) => address % count));
    default:
      return { ...event, address: event.address % count };
  }
}

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
    ["listed, sent away by the second: the first again", run("listed", 3, failed(0), joined, drained(1)), [[0], [1]]],
    ["listed, sent away by the first: the first again", run("listed", 3, joined, drained(0)), [[0], [1]]],
    ["by-room: one after another, and again from the first", run("by-room", 3), [[0], [1], [2], [0], [1]]],
    [
      "by-room, after the second was lost: the first again",
      run("by-room", 3, failed(0), joined, lost(1)),
      [[0], [1], [2]],
    ],
    ["by-room, sent away by the first: the others before it", run("by-room", 3, joined, drained(0)), [[1], [2], [0]]],
    [
      "by-room, sent away by the second: the first, and the second after all others",
      run("by-room", 3, failed(0), joined, drained(1)),
      [[0], [2], [0]],
    ],
    ["any: from one in the middle on, around", run("any", 3), [[1], [2], [0], [1], [2]]],
    ["any, after it was lost: the next", run("any", 3, joined, lost(1)), [[2], [0], [1]]],
    ["any, sent away by it: the next", run("any", 3, joined, drained(1)), [[2], [0], [1]]],
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
      "nearest, sent away by one: the others, then all",
      run("nearest", 3, joined, drained(1)),
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
    ["one alone that sends us away", run("by-room", 1, joined, drained(0)), [[0], [0]]],
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
        for (const order of ["listed", "by-room"] as const)
          expect(addressesToTry(startServerChoice(order, count, roll))).toEqual([0]);
        const [at = -1] = addressesToTry(startServerChoice("any", count, roll));
        expect(at).toBe(Math.min(count - 1, Math.floor(roll * count)));
      }),
    );
  });

  it("always has an address to try, and comes to each of them in a round in which none answers", () => {
    fc.assert(
      fc.property(anyOrder, fc.integer({ min: 1, max: 5 }), fc.array(anyEvent), (order, count, events) => {
        const choice = run(order, count, ...events.map((event) => among(count, event)));
        for (const address of addressesToTry(choice)) expect(address).toBeLessThan(count);
        const tried = attempts(choice, 2 * count);
        expect(tried.every((addresses) => addresses.length > 0)).toBe(true);
        expect(new Set(tried.flat()).size).toBe(count);
      }),
    );
  });

  it("tries none again that failed, before all others have failed too", () => {
    fc.assert(
      fc.property(anyOrder, fc.integer({ min: 1, max: 5 }), fc.array(anyEvent), (order, count, events) => {
        const choice = run(order, count, ...events.map((event) => among(count, event)));
        const left = count - choice.failed.size;
        const round = attempts(choice, order === "nearest" ? 1 : left).flat();
        expect(round.filter((address) => choice.failed.has(address))).toEqual([]);
        expect(new Set(round).size).toBe(left);
      }),
    );
  });

  it("begins again at the first, where there is one, whatever became of it before", () => {
    const order = fc.constantFrom<ServerOrder>("listed", "by-room");
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 5 }), fc.array(anyEvent), fc.nat(4), (one, count, events, at) => {
        const choice = run(one, count, ...[...events, joined, lost(at)].map((event) => among(count, event)));
        expect(attempts(choice, count).flat()).toEqual([...Array(count).keys()]);
      }),
    );
  });

  it("goes by room from a server that stops to the others, in their order, before it begins again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.array(anyEvent), fc.nat(4), (count, events, at) => {
        const choice = run("by-room", count, ...[...events, joined, drained(at)].map((event) => among(count, event)));
        const others = [...Array(count).keys()].filter((address) => address !== at % count);
        expect(attempts(choice, count).flat()).toEqual([...others, 0]);
      }),
    );
  });
});
