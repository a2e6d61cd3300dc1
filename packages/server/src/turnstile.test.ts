import { describe, expect, test } from "vitest";
import { Turnstiles } from "./turnstile.js";

/** Works that begin when they are let in, and end when they are told to. */
class Works {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.set(name, () => resolve(name)));
    };
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

const [first, second] = [{}, {}];

describe("turnstiles", () => {
  test("let so many work at once, in the order in which they came", async () => {
    const works = new Works();
    const turnstiles = new Turnstiles(2);
    for (const name of ["a", "b", "c", "d"]) void turnstiles.pass(undefined, works.work(name));
    await settled();
    expect(works.begun).toEqual(["a", "b"]);
    await works.end("b");
    expect(works.begun).toEqual(["a", "b", "c"]);
  });

  test("let one of each origin work: many of one don't hold up one of another", async () => {
    const works = new Works();
    const turnstiles = new Turnstiles(2);
    for (const name of ["a", "b", "c"]) void turnstiles.pass(first, works.work(name));
    void turnstiles.pass(second, works.work("other"));
    await settled();
    expect(works.begun).toEqual(["a", "other"]);
    await works.end("a");
    expect(works.begun).toEqual(["a", "other", "b"]);
  });

  test("let the next in where one fails, and pass on what came of each", async () => {
    const turnstiles = new Turnstiles(1);
    const failing = turnstiles.pass(first, () => Promise.reject(new Error("failed")));
    const next = turnstiles.pass(first, async () => "done");
    await expect(failing).rejects.toThrow("failed");
    expect(await next).toBe("done");
    expect(await turnstiles.pass(first, async () => "again")).toBe("again");
  });
});
