import { createHash } from "node:crypto";
import { encode } from "@skein/protocol";
import { beforeEach, expect, it } from "vitest";
import { chunkBytes } from "../files/protocol.js";
import { Shelf } from "./shelf.js";

let shelf: Shelf;
beforeEach(() => {
  shelf = new Shelf();
});

const text = (name: string, content: string) => new File([content], name);

it("finds lines in text, and leaves other files alone", async () => {
  await shelf.add([text("a.txt", "one\nTwo words\n"), new File([new Uint8Array([0xff, 0xfe, 0])], "b.bin")]);
  expect(shelf.find("WORDS two", 10)).toEqual({ hits: [{ file: "a.txt", line: 2, text: "Two words" }], files: 1 });
  expect(shelf.entries.map(({ name, searched }) => [name, searched])).toEqual([
    ["a.txt", true],
    ["b.bin", false],
  ]);
});

it("gives files of one name two names", async () => {
  await shelf.add([text("a.txt", "1"), text("a.txt", "2"), text(".env", "3"), text("", "4")]);
  expect(shelf.entries.map(({ name }) => name)).toEqual(["a.txt", "a (2).txt", ".env", "file"]);
});

it("answers by what it holds alone", async () => {
  await shelf.add([text("a.txt", "hello")]);
  const sha256 = createHash("sha256").update("hello").digest("hex");
  expect(await shelf.stat("a.txt")).toEqual({ bytes: 5, sha256 });
  expect(await shelf.read("a.txt", 1, 3)).toEqual({ bytes: new TextEncoder().encode("ell") });
  expect(await shelf.read("a.txt", 99, 3)).toEqual({ bytes: new Uint8Array() });
  await expect(shelf.stat("../a.txt")).rejects.toMatchObject({ code: "bad-argument" });
  shelf.remove("a.txt");
  await expect(shelf.read("a.txt", 0, 1)).rejects.toMatchObject({ code: "bad-argument" });
});

it("gives no more than one part at a time", async () => {
  await shelf.add([new File([new Uint8Array(chunkBytes * 2)], "big.bin")]);
  expect((await shelf.read("big.bin", 0, chunkBytes * 2)).bytes).toHaveLength(chunkBytes);
});

it("keeps answers within one frame, however long lines and names are", async () => {
  const line = `${"語".repeat(500)} word\n`;
  const names = Array.from({ length: 500 }, (_, index) => `${"名".repeat(250)}${index}.txt`);
  await shelf.add(names.map((name) => text(name, line.repeat(3))));
  for (const answer of [shelf.find("語", 200), shelf.list(0)]) expect(encode(answer).length).toBeLessThan(60_000);
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
