import { beforeEach, describe, expect, it } from "vitest";
import { IndexBook } from "./index-book.js";

let book: IndexBook;
beforeEach(() => {
  book = new IndexBook();
  book.learn("a", 0, [
    { name: "docs/README.md", bytes: 3 },
    { name: "README.md", bytes: 1 },
  ]);
  book.learn("b", 7, [{ name: "README.md", bytes: 1 }]);
});

const names = (wanted?: string): string[] => [...book.entries(wanted)].map(({ name, set }) => `${set} ${name}`);

describe("the index", () => {
  it("gives all entries, a file once for each set that it is in", () => {
    expect(names()).toEqual(["a docs/README.md", "a README.md", "b README.md"]);
  });

  it("finds files by name and by the end of their path, and by nothing less", () => {
    expect(names("README.md")).toEqual(names());
    expect(names("docs/README.md")).toEqual(["a docs/README.md"]);
    expect(names("ADME.md")).toEqual([]);
  });

  it("knows a set as it was told, and forgets those that nobody holds", () => {
    expect([book.knows("b", 7), book.knows("b", 8), book.knows("c", 0)]).toEqual([true, false, false]);
    book.learn("b", 8, []);
    book.retain(new Set(["b"]));
    expect(book.knows("b", 8)).toBe(true);
    expect(names()).toEqual([]);
  });

  it("takes no more than it has a place for, whatever peers say", () => {
    const many = Array.from({ length: 150_000 }, (_, index) => ({ name: `${index}`, bytes: 0 }));
    for (const set of ["c", "d", "e", "c"]) book.learn(set, 0, many);
    expect(names().length).toBeLessThanOrEqual(200_000);
  });
});
