import { encode, validate } from "@skein/protocol";
import { beforeEach, expect, it } from "vitest";
import { type Hit, hitsPart } from "../crew/protocol.js";
import { Shelf } from "./shelf.js";

let shelf: Shelf;
beforeEach(() => {
  shelf = new Shelf("page-test");
});

async function found(words: string, most: number): Promise<{ parts: (readonly Hit[])[]; files: number }> {
  const looking = shelf.find(words, most);
  const parts: (readonly Hit[])[] = [];
  for (;;) {
    const { value, done } = await looking.next();
    if (done) return { parts, files: value };
    parts.push(value);
  }
}

const text = (name: string, content: string) => new File([content], name);

it("finds lines in text, and leaves other files alone", async () => {
  await shelf.add([text("a.txt", "one\nTwo words\n"), new File([new Uint8Array([0xff, 0xfe, 0])], "b.bin")]);
  expect(await found("WORDS two", 10)).toEqual({ parts: [[{ file: "a.txt", line: 2, text: "Two words" }]], files: 1 });
  expect(shelf.entries.map(({ name, searched }) => [name, searched])).toEqual([
    ["a.txt", true],
    ["b.bin", false],
  ]);
});

it("gives files of one name two names", async () => {
  await shelf.add([text("a.txt", "1"), text("a.txt", "2"), text(".env", "3"), text("", "4")]);
  expect(shelf.entries.map(({ name }) => name)).toEqual(["a.txt", "a (2).txt", ".env", "file"]);
});

it("gives what it holds alone, and is another one after each change", async () => {
  await shelf.add([text("a.txt", "hello")]);
  const { revision } = shelf;
  expect(await shelf.open("a.txt")?.text()).toBe("hello");
  expect(shelf.open("../a.txt")).toBeUndefined();
  shelf.remove("a.txt");
  expect(shelf.open("a.txt")).toBeUndefined();
  expect(shelf.revision).not.toBe(revision);
});

it("keeps answers within one frame, however long lines and names are", async () => {
  const line = `${"語".repeat(500)} word\n`;
  const names = Array.from({ length: 500 }, (_, index) => `${"名".repeat(250)}${index}.txt`);
  await shelf.add(names.map((name) => text(name, line.repeat(3))));
  const { parts } = await found("語", 200);
  expect(parts.flat()).toHaveLength(200);
  for (const answer of [...parts, shelf.list(0)]) expect(encode(answer).length).toBeLessThan(60_000);
  for (const part of parts) expect(validate(hitsPart, part).ok).toBe(true);
  const seen: string[] = [];
  for (let page = shelf.list(0); page.files.length > 0; page = shelf.list(seen.length)) {
    seen.push(...page.files.map(({ name }) => name));
  }
  expect(seen).toHaveLength(500);
});

it("says which files it has no place for", async () => {
  const names = Array.from({ length: 501 }, (_, index) => `${index}.txt`);
  expect(await shelf.add(names.map((name) => text(name, "")))).toEqual(["500.txt"]);
});
