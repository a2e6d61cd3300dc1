import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scanTree } from "./tree.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-tree-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, content = ""): Promise<string> {
  const place = join(folder, path);
  await mkdir(join(place, ".."), { recursive: true });
  await writeFile(place, content);
  return place;
}

describe("scanTree", () => {
  it("finds files and empty folders, in order, under the names that were given", async () => {
    await write("docs/b.md", "bb");
    await write("docs/a/x.sh", "x");
    await chmod(join(folder, "docs/a/x.sh"), 0o755);
    await mkdir(join(folder, "docs/empty"));
    const single = await write("ü.txt", "123");
    const tree = await scanTree([join(folder, "docs"), single]);
    expect(tree.held.map(({ entry }) => entry)).toMatchObject([
      { kind: "file", path: "docs/a/x.sh", bytes: 1, executable: true },
      { kind: "file", path: "docs/b.md", bytes: 2, executable: false },
      { kind: "folder", path: "docs/empty" },
      { kind: "file", path: "ü.txt", bytes: 3 },
    ]);
    expect(tree).toMatchObject({ names: ["docs", "ü.txt"], bytes: 6, leftOut: [] });
  });

  it("leaves links, parts, and what is no file out, and says so; follows a link that was named", async () => {
    const secret = await write("secret");
    await write("docs/.big.skein-part");
    await symlink(secret, join(folder, "docs/link"));
    await symlink(join(folder, "docs"), join(folder, "named"));
    await symlink("/dev/null", join(folder, "device"));
    const tree = await scanTree([join(folder, "named"), join(folder, "device")]);
    expect(tree.held.map(({ entry }) => entry.path)).toEqual(["named"]);
    expect(tree.leftOut.map(({ path }) => path)).toEqual(["named/.big.skein-part", "named/link", "device"]);
  });

  it("says in a sentence what can't be sent", async () => {
    await write("a/x");
    await write("b/x");
    const wrong = (...paths: string[]) => expect(scanTree(paths.map((path) => join(folder, path)))).rejects;
    await wrong("nowhere").toMatchObject({ code: "bad-argument", message: expect.stringMatching(/it isn't there\.$/) });
    await wrong("a/x", "b/x").toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/Two of the paths are called x/),
    });
    await expect(scanTree(["/"])).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/has no name/),
    });
  });
});
