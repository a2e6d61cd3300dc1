import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileSource, fetchFile } from "./fetch-file.js";
import { chunkBytes } from "./protocol.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-fetch-"));
});
afterEach(() => rm(folder, { recursive: true }));

const content = Buffer.alloc(chunkBytes * 20 + 7, "some text ");
const whole: FileSource = {
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
  read: async (offset, length) => content.subarray(offset, offset + length),
};
const never = new AbortController().signal;

describe("fetchFile", () => {
  it("writes the file, and tells how far it is", async () => {
    const steps: number[] = [];
    const path = join(folder, "deep/er/file.txt");
    await fetchFile({ source: whole, path, signal: never, progress: (bytes) => steps.push(bytes) });
    expect(content.equals(await readFile(path))).toBe(true);
    expect(steps).toHaveLength(21);
    expect(steps.at(-1)).toBe(content.length);
    expect(await readdir(join(folder, "deep/er"))).toEqual(["file.txt"]);
  });

  it("writes an empty file", async () => {
    const sha256 = createHash("sha256").digest("hex");
    const source = { bytes: 0, sha256, read: async () => new Uint8Array() };
    await fetchFile({ source, path: join(folder, "empty"), signal: never });
    expect(await readdir(folder)).toEqual(["empty"]);
  });

  it("asks for some pieces ahead, not for all", async () => {
    let open = 0;
    let most = 0;
    const read: FileSource["read"] = async (offset, length) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return whole.read(offset, length);
    };
    await fetchFile({ source: { ...whole, read }, path: join(folder, "file"), signal: never });
    expect(most).toBe(8);
  });

  const wrong: readonly (readonly [string, Partial<FileSource>, string])[] = [
    ["another content than was promised", { sha256: "0".repeat(64) }, "bad-message"],
    [
      "less than was promised",
      { read: async (offset, length) => content.subarray(offset, offset + Math.min(length, 9)) },
      "bad-message",
    ],
    ["more than was asked for", { read: async (_offset, length) => new Uint8Array(length + 1) }, "bad-message"],
  ];
  it.each(wrong)("leaves nothing behind where the source gives %s", async (_what, fault, code) => {
    const source = { ...whole, ...fault };
    await expect(fetchFile({ source, path: join(folder, "file"), signal: never })).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual([]);
  });

  it("leaves nothing behind where it is given up, or where the source fails in the middle", async () => {
    const controller = new AbortController();
    const given = fetchFile({
      source: whole,
      path: join(folder, "file"),
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    const read: FileSource["read"] = async (offset, length) => {
      if (offset > chunkBytes * 3) throw new Error("the link is lost");
      return whole.read(offset, length);
    };
    await expect(fetchFile({ source: { ...whole, read }, path: join(folder, "file"), signal: never })).rejects.toThrow(
      "the link is lost",
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it("says in a sentence that the disk refuses it", async () => {
    await writeFile(join(folder, "file"), "");
    const fetched = fetchFile({ source: whole, path: join(folder, "file/in-a-file"), signal: never });
    await expect(fetched).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/can't be written/),
    });
    await mkdir(join(folder, "taken"));
    const onto = fetchFile({ source: whole, path: join(folder, "taken"), signal: never });
    await expect(onto).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/can't be written/),
    });
    expect((await readdir(folder)).sort()).toEqual(["file", "taken"]);
  });

  it("keeps the file that was there until the new one is whole", async () => {
    const path = join(folder, "file");
    await fetchFile({ source: whole, path, signal: never });
    const source = { ...whole, sha256: "0".repeat(64) };
    await expect(fetchFile({ source, path, signal: never })).rejects.toThrow();
    expect(content.equals(await readFile(path))).toBe(true);
  });
});
