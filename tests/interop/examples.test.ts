import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

async function linesOf(example: string): Promise<string[]> {
  const main = fileURLToPath(new URL(`../../examples/${example}/main.js`, import.meta.url));
  const { stdout } = await run(process.execPath, [main], { timeout: 60_000 });
  return stdout.trim().split("\n");
}

it("two agents greet each other", async () => {
  expect(await linesOf("two-agents")).toEqual(["ann hears bob: hello from bob", "bob hears ann: hello from ann"]);
});

it("requests are answered, refused, and given up", async () => {
  expect(await linesOf("requests")).toEqual([
    "7 / 2 = 3.5",
    "7 / 0: bad-argument: Nothing can be divided by 0.",
    expect.stringMatching(/^seven \/ 2: bad-body: /),
    expect.stringMatching(/^the meaning of life: timeout: /),
  ]);
});

it("presence tells who can do what, how busy they are, and who left", async () => {
  expect(await linesOf("presence")).toEqual([
    "ocr: ben (0.2), cal (0.7)",
    "ocr and gpu: cal (0.7)",
    "ben is busy: cal (0.7), ben (0.9)",
    "cal left: ben (0.9); seen before: true",
  ]);
});

it("tasks are done, and handed over", async () => {
  expect(await linesOf("tasks")).toEqual([
    "HELLO",
    "ANN BEN CAL",
    "think was handed over: link-lost",
    "42",
    expect.stringMatching(/^fly: no-such-peer: /),
  ]);
});

it("artifacts come from several holders, and a liar is named", async () => {
  expect(await linesOf("artifacts")).toEqual(["3000000 bytes, 2 holders", "liar lied", "all of it is right"]);
});

it("a controller outranks a display, the earlier one leads, and a token keeps out who led before", async () => {
  expect(await linesOf("election")).toEqual([
    "display leads",
    "first controller leads",
    "first controller leads",
    "the wall shows a map",
    "second controller leads",
    "the wall shows a clock",
    "the map again is refused",
  ]);
});

it("a vote is proven to anyone who knows whom it asked, and ends though one leaves", async () => {
  expect(await linesOf("vote")).toEqual([
    "bob as the keeper: accepted",
    "proven: accepted, 2 ballots",
    "for another electorate: others were asked",
    "unanimously: rejected, since cyd is gone; proof: none",
  ]);
});

it("a lock goes to the next when its holder hangs, which then writes nothing", async () => {
  expect(await linesOf("lock")).toEqual([
    "2 lines, one after the other",
    "refused: bob was here again",
    "ann's token is the greater: true",
  ]);
});
