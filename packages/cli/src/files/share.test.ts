import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode, limits, validate } from "@skein/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crewFiles, type Hit, hitsPart } from "../crew/protocol.js";
import { scanFolder } from "./scan.js";
import { Share } from "./share.js";

let folder: string;
let share: Share;
const never = new AbortController().signal;
const large = "line with many words in it\n".repeat(10_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-share-"));
  await writeFile(join(folder, "large.txt"), large);
  for (let i = 0; i < 600; i++) await writeFile(join(folder, `${"n".repeat(180)}${i}.md`), `${"word ".repeat(90)}${i}`);
  share = new Share(await scanFolder({ folder, part: { indexes: [1], of: 1 } }));
});
afterAll(() => rm(folder, { recursive: true }));

function fits(schema: Parameters<typeof validate>[0], answer: unknown): boolean {
  return validate(schema, answer).ok && encode(answer).length <= limits.frameBytes - 64;
}

describe("Share", () => {
  it("lists all it holds, in pages that fit into a frame", () => {
    const names: string[] = [];
    for (;;) {
      const page = share.list(names.length);
      expect(fits(crewFiles.list.reply, page)).toBe(true);
      if (page.files.length === 0) break;
      names.push(...page.files.map(({ name }) => name));
    }
    expect(names).toHaveLength(601);
    expect(new Set(names).size).toBe(601);
  });

  it("finds lines, in parts that each fit into a frame", async () => {
    let hits = 0;
    for await (const part of share.find("WORD", 200)) {
      expect(fits(hitsPart, part)).toBe(true);
      hits += part.length;
    }
    expect(hits).toBe(200);
  });

  it("takes twenty lines of one file at most, and says how many files it looked into", async () => {
    const parts = share.find("many words", 200);
    const hits: Hit[] = [];
    let files: number | undefined;
    while (files === undefined) {
      const { value, done } = await parts.next();
      if (done) files = value;
      else hits.push(...value);
    }
    expect(hits).toHaveLength(20);
    expect(hits[0]).toEqual({ file: "large.txt", line: 1, text: "line with many words in it" });
    expect(files).toBe(601);
  });

  it("gives a file's bytes", async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of share.open("large.txt", never) ?? []) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(large);
  });

  it("is the same set wherever the same files are, and another where one differs", () => {
    const elsewhere = share.files.map((file) => ({ ...file, path: `/elsewhere/${file.name}` }));
    expect(new Share(elsewhere).set).toBe(share.set);
    expect(new Share(share.files.slice(1)).set).not.toBe(share.set);
  });

  it.each([
    "../etc/passwd",
    "/etc/passwd",
    "./large.txt",
    "large.txt/",
    "nothing.md",
    "__proto__",
    "constructor",
    "large.txt\0",
  ])("knows %j as no file of its own, wherever it would lead", (name) => {
    expect(share.open(name, never)).toBeUndefined();
  });
});
