import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { play } from "./play.ts";

const node22 = fileURLToPath(new URL("node_modules/node22/bin/node", import.meta.url));
const these = { first: 1, seconds: Number.MAX_SAFE_INTEGER, runs: 12 };

describe("the same seeds", () => {
  it("give the same traces in each run", async () => {
    const [one, again] = [await play(these), await play(these)];
    expect(one.failure).toBeUndefined();
    expect([again.digest, again.steps]).toEqual([one.digest, one.steps]);
  });

  it("give the same traces with Node 22 as with Node 24", async () => {
    const [one, older] = [await play(these), await play({ ...these, node: node22 })];
    expect([older.digest, older.steps]).toEqual([one.digest, one.steps]);
  });
});
