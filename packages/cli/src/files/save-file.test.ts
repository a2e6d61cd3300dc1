import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { saveFile } from "./save-file.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-save-"));
});
afterEach(() => rm(folder, { recursive: true }));

const content = Buffer.alloc(1_000_007, "some text ");
const never = new AbortController().signal;

async function* whole(onPiece: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < content.length; from += 65_536) {
    onPiece(from);
    yield content.subarray(from, from + 65_536);
  }
}

describe("saveFile", () => {
  it("writes the file, and gives its SHA-256", async () => {
    const path = join(folder, "deep/er/file.txt");
    const sha256 = await saveFile({ bytes: whole(), path, signal: never });
    expect(sha256).toBe(createHash("sha256").update(content).digest("hex"));
    expect(content.equals(await readFile(path))).toBe(true);
    expect(await readdir(join(folder, "deep/er"))).toEqual(["file.txt"]);
  });

  it("writes an empty file", async () => {
    await saveFile({ bytes: (async function* () {})(), path: join(folder, "empty"), signal: never });
    expect(await readdir(folder)).toEqual(["empty"]);
  });

  it("leaves nothing behind where it is given up, or where the source fails in the middle", async () => {
    const controller = new AbortController();
    const path = join(folder, "file");
    const given = saveFile({ bytes: whole(() => controller.abort()), path, signal: controller.signal });
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    const failing = whole((from) => {
      if (from > 300_000) throw new Error("a part is lost");
    });
    await expect(saveFile({ bytes: failing, path, signal: never })).rejects.toThrow("a part is lost");
    expect(await readdir(folder)).toEqual([]);
  });

  it("says in a sentence that the disk refuses it", async () => {
    await writeFile(join(folder, "file"), "");
    await mkdir(join(folder, "taken"));
    for (const place of ["file/in-a-file", "taken"]) {
      await expect(saveFile({ bytes: whole(), path: join(folder, place), signal: never })).rejects.toMatchObject({
        code: "bad-argument",
        message: expect.stringMatching(/can't be written/),
      });
    }
    expect((await readdir(folder)).sort()).toEqual(["file", "taken"]);
  });

  it("keeps the file that was there until the new one is whole", async () => {
    const path = join(folder, "file");
    await saveFile({ bytes: whole(), path, signal: never });
    const failing = whole((from) => {
      if (from > 0) throw new Error("a part is lost");
    });
    await expect(saveFile({ bytes: failing, path, signal: never })).rejects.toThrow();
    expect(content.equals(await readFile(path))).toBe(true);
  });
});
