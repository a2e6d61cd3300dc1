import { SkeinError } from "@skein/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Emitter } from "./emitter.js";

/** What a program on Node would end by. */
let uncaught: unknown[];
let others: NodeJS.UnhandledRejectionListener[];
const note = (error: unknown) => void uncaught.push(error);

beforeEach(() => {
  uncaught = [];
  others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
});

afterEach(() => {
  process.removeAllListeners("unhandledRejection");
  for (const other of others) process.on("unhandledRejection", other);
});

async function emitTo(listener: () => unknown): Promise<unknown[]> {
  const emitter = new Emitter<{ left: string }>();
  emitter.on("left", listener);
  emitter.emit("left", "b");
  await new Promise((resolve) => setImmediate(resolve));
  return uncaught;
}

test("a listener whose promise fails because a peer has left ends no program", async () => {
  expect(await emitTo(() => Promise.reject(new SkeinError("link-lost", "It left.")))).toEqual([]);
});

test("a listener whose promise fails by a mistake of the program's own is uncaught", async () => {
  const mistake = new SkeinError("bad-argument", "What is that?");
  expect(await emitTo(() => Promise.reject(mistake))).toEqual([mistake]);
});

test("a listener whose promise fails by anything else is uncaught", async () => {
  const error = new TypeError("x is not a function");
  expect(await emitTo(() => Promise.reject(error))).toEqual([error]);
});
