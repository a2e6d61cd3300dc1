import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askYesNo } from "./question.js";

const never = new AbortController().signal;

describe("askYesNo", () => {
  it.each([
    ["y\n", true],
    [" YES \n", true],
    ["n\n", false],
    ["\n", false],
    ["yellow\n", false],
  ])("takes %j for %s", async (typed, yes) => {
    const terminal = { input: new PassThrough(), output: new PassThrough() };
    const answer = askYesNo("Take it? ", never, terminal);
    terminal.input.write(typed);
    expect(await answer).toBe(yes);
    expect(String(terminal.output.read())).toBe("Take it? ");
  });

  it("takes the end of what is typed for a no", async () => {
    const terminal = { input: new PassThrough(), output: new PassThrough() };
    const answer = askYesNo("Take it? ", never, terminal);
    terminal.input.end();
    expect(await answer).toBe(false);
  });

  it("asks no longer than anyone waits for the answer", async () => {
    const terminal = { input: new PassThrough(), output: new PassThrough() };
    const controller = new AbortController();
    const answer = askYesNo("Take it? ", controller.signal, terminal);
    controller.abort(new Error("gone"));
    await expect(answer).rejects.toThrow("gone");
  });
});
