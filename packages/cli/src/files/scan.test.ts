import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scanFolder } from "./scan.js";

let folder: string;
const texts = ["a.md", "deep/er/b.ts", "deep/c.txt", "with space.md", "empty.txt", "ünïcode.md"];

async function put(name: string, content: string | Uint8Array): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function namesOf(index: number, of: number): Promise<string[]> {
  return (await scanFolder({ folder, part: { indexes: [index], of } })).map(({ name }) => name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-scan-"));
  for (const name of texts) await put(name, name === "empty.txt" ? "" : `text of ${name}\n`);
  await put(".gitignore", "ignored/\n*.secret\n");
  for (const name of [
    "ignored/x.md",
    "key.secret",
    ".env",
    ".git/config",
    "node_modules/x/index.js",
    "deep/dist/x.js",
  ]) {
    await put(name, "not to be shared");
  }
  await put("skein-downloads/fetched.md", "fetched");
  await put("picture.png", new Uint8Array([0x89, 0x50, 0, 1, 2]));
  await put("huge.txt", "x".repeat(16 * 1024 * 1024 + 1));
  await symlink("/etc/hostname", join(folder, "link.txt"));
  await symlink("/etc", join(folder, "linked"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("scanFolder", () => {
  it("finds text files, and leaves out what is hidden, ignored, built, binary, linked or huge", async () => {
    expect((await namesOf(1, 1)).sort()).toEqual([...texts].sort());
  });

  it("the parts together are the whole, without a file in two of them", async () => {
    const parts = await Promise.all([1, 2, 3].map((index) => namesOf(index, 3)));
    expect(parts.flat().sort()).toEqual([...texts].sort());
  });

  it("tells each file's size", async () => {
    const files = await scanFolder({ folder, part: { indexes: [1], of: 1 } });
    expect(files.find(({ name }) => name === "a.md")?.bytes).toBe("text of a.md\n".length);
  });

  it("says in a sentence that there is no such folder", async () => {
    const missing = join(folder, "nowhere");
    await expect(scanFolder({ folder: missing, part: { indexes: [1], of: 1 } })).rejects.toThrow(/There is no folder/);
    const file = join(folder, "a.md");
    await expect(scanFolder({ folder: file, part: { indexes: [1], of: 1 } })).rejects.toThrow(/There is no folder/);
  });
});
