import { PassThrough } from "node:stream";
import { beforeEach, expect, test } from "vitest";
import { Tarpit } from "./tarpit.js";
import { ManualClock } from "./testing-client.test-support.js";

let clock: ManualClock;
let tarpit: Tarpit;
let answered: number[];

beforeEach(() => {
  clock = new ManualClock();
  tarpit = new Tarpit(clock);
  answered = [];
});

const hold = (number: number, socket = new PassThrough()): PassThrough => {
  tarpit.hold(socket, () => void answered.push(number));
  return socket;
};

test("who comes too often is answered once, after a second or longer", () => {
  for (let number = 0; number < 100; number++) hold(number);
  clock.advance(999);
  expect(answered).toEqual([]);
  clock.advance(2_001);
  expect(answered).toHaveLength(100);
  clock.advance(5_000);
  expect(answered).toHaveLength(100);
});

test("those who come together are answered one after another", () => {
  for (let number = 0; number < 100; number++) hold(number);
  clock.advance(1_000);
  for (let before = answered.length; before < 100; before = answered.length) {
    clock.advance(10);
    expect(answered.length - before).toBeLessThanOrEqual(2);
  }
});

test("where too many wait, the next is answered at once, until one of them was", () => {
  for (let number = 0; number < 512; number++) hold(number);
  expect(answered).toEqual([]);
  hold(512);
  expect(answered).toEqual([512]);
  clock.advance(3_000);
  expect(answered).toHaveLength(513);
  hold(513);
  expect(answered).toHaveLength(513);
});

test("a client that goes meanwhile harms nobody", () => {
  const socket = hold(1);
  socket.destroy(new Error("reset"));
  hold(2);
  clock.advance(3_000);
  expect(answered.sort()).toEqual([1, 2]);
});

test("all who wait are answered when the server stops, and only then", () => {
  hold(1);
  hold(2);
  tarpit.release();
  clock.advance(5_000);
  expect(answered).toEqual([1, 2]);
});
