import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TargetFolder } from "./target-folder.js";

let base: string;
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "skein-target-")));
});
afterEach(() => rm(base, { recursive: true }));

describe("TargetFolder", () => {
  it("makes the folders that a file needs", async () => {
    await using folder = await TargetFolder.open(join(base, "in"));
    expect(await folder.place("a/b/c.txt")).toEqual({
      final: join(base, "in/a/b/c.txt"),
      part: join(base, "in/a/b/.c.txt.skein-part"),
    });
    expect(await readdir(join(base, "in/a/b"))).toEqual([]);
  });

  it("follows no link that leads out, and makes nothing behind it", async () => {
    await mkdir(join(base, "out"));
    await mkdir(join(base, "in/real"), { recursive: true });
    await symlink(join(base, "out"), join(base, "in/link"));
    await symlink(join(base, "in/real"), join(base, "in/inner"));
    await using folder = await TargetFolder.open(join(base, "in"));
    await expect(folder.place("link/deep/x")).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/leads out/),
    });
    expect(await readdir(join(base, "out"))).toEqual([]);
    await folder.place("inner/x");
  });

  it("is one process's alone, and leaves nothing behind", async () => {
    const lock = join(base, ".receiving.skein-part");
    await writeFile(lock, `${process.ppid}\n`);
    await expect(TargetFolder.open(base)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/Another `skein re/),
    });
    // One that was killed: no process has this number.
    await writeFile(lock, "4194305\n");
    await (await TargetFolder.open(base))[Symbol.asyncDispose]();
    expect(await readdir(base)).toEqual([]);
  });

  it("says in a sentence that it can't be written", async () => {
    await writeFile(join(base, "file"), "");
    await expect(TargetFolder.open(join(base, "file"))).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/can't be written: something else is in its place/),
    });
  });

  it("tells paths apart as the disk does", async () => {
    await using folder = await TargetFolder.open(base);
    expect(folder.keyOf("a/b")).toBe(folder.keyOf("a/b"));
    expect(folder.keyOf("a/b")).not.toBe(folder.keyOf("a/c"));
  });
});
