import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode, limits, validate } from "@skein/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chunkBytes, files } from "./protocol.js";
import { scanFolder } from "./scan.js";
import { Share } from "./share.js";

let folder: string;
let share: Share;
const large = "line with many words in it\n".repeat(10_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-share-"));
  await writeFile(join(folder, "large.txt"), large);
  for (let i = 0; i < 600; i++) await writeFile(join(folder, `${"n".repeat(180)}${i}.md`), `${"word ".repeat(90)}${i}`);
  share = new Share(await scanFolder({ folder, part: { index: 1, of: 1 } }));
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
      expect(fits(files.list.reply, page)).toBe(true);
      if (page.files.length === 0) break;
      names.push(...page.files.map(({ name }) => name));
    }
    expect(names).toHaveLength(601);
    expect(new Set(names).size).toBe(601);
  });

  it("finds lines, in an answer that fits into a frame", async () => {
    const answer = await share.find("WORD", 200);
    expect(fits(files.find.reply, answer)).toBe(true);
    expect(answer.files).toBe(601);
    expect(answer.hits.length).toBeGreaterThan(50);
  });

  it("takes twenty lines of one file at most", async () => {
    const { hits } = await share.find("many words", 200);
    expect(hits).toHaveLength(20);
    expect(hits[0]).toEqual({ file: "large.txt", line: 1, text: "line with many words in it" });
  });

  it("tells size and SHA-256, and gives the bytes piece by piece", async () => {
    const { bytes, sha256 } = await share.stat("large.txt");
    expect(bytes).toBe(large.length);
    const hash = createHash("sha256");
    for (let offset = 0; offset < bytes; offset += chunkBytes) {
      hash.update((await share.read("large.txt", offset, chunkBytes)).bytes);
    }
    expect(hash.digest("hex")).toBe(sha256);
    expect((await share.read("large.txt", bytes + 5, 10)).bytes).toHaveLength(0);
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
  ])("knows %j as no file of its own, wherever it would lead", async (name) => {
    expect(share.holds(name)).toBe(false);
    await expect(share.stat(name)).rejects.toMatchObject({ code: "bad-argument" });
    await expect(share.read(name, 0, 10)).rejects.toMatchObject({ code: "bad-argument" });
  });
});
