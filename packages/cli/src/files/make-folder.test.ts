import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "./make-folder.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skein-folder-"));
});
afterEach(() => rm(root, { recursive: true }));

describe("makeFolder", () => {
  it("makes all that is missing on the way, also where another does so at the same moment", async () => {
    const path = join(root, "a/b/c");
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(root, "a/b/d"))]);
    expect((await stat(path)).isDirectory()).toBe(true);
    await makeFolder(path);
  });

  it("takes a link to a folder as one", async () => {
    await symlink(root, join(root, "link"));
    await makeFolder(join(root, "link"));
  });

  it("fails where a file is in the way, or a link that leads nowhere", async () => {
    await writeFile(join(root, "file"), "");
    await symlink(join(root, "nowhere"), join(root, "dangling"));
    await expect(makeFolder(join(root, "file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeFolder(join(root, "file/a"))).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(makeFolder(join(root, "dangling/a"))).rejects.toMatchObject({ code: "EEXIST" });
  });

  it.skipIf(process.platform !== "linux")(
    "fails in a folder where nothing can be made, and doesn't try for ever",
    async () => {
      await expect(makeFolder("/proc/skein/inbox")).rejects.toMatchObject({ code: "ENOENT" });
    },
  );
});
