import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identityFrom, lineFrom } from "./keys.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-keys-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("identityFrom", () => {
  it("makes a file that its owner alone can read, and is the same peer next time", async () => {
    const file = join(folder, "ada.key");
    const first = identityFrom(file, () => {});
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const warnings: string[] = [];
    expect(identityFrom(file, (sentence) => warnings.push(sentence)).id).toBe(first.id);
    expect(warnings).toEqual([]);
  });

  it("warns of a file that others can read", async () => {
    const file = join(folder, "ada.key");
    identityFrom(file, () => {});
    await chmod(file, 0o644);
    const warnings: string[] = [];
    identityFrom(file, (sentence) => warnings.push(sentence));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain((await readFile(file, "utf8")).trim());
  });

  it("says in a sentence that a file is no identity, or can't be made", async () => {
    const file = join(folder, "other.txt");
    await writeFile(file, "something else");
    expect(() => identityFrom(file, () => {})).toThrow(/other\.txt: This is no saved identity/);
    expect(() => identityFrom(join(folder, "no/such/folder"), () => {})).toThrow(
      /no\/such can't be written: it isn't there\.$/,
    );
  });
});

describe("lineFrom", () => {
  it("reads a line without its end", async () => {
    const file = join(folder, "secret");
    await writeFile(file, "a secret\n");
    expect(lineFrom(file)).toBe("a secret");
  });

  it("refuses an empty or missing file", async () => {
    const file = join(folder, "secret");
    await writeFile(file, "\n");
    expect(() => lineFrom(file)).toThrow(/is empty/);
    expect(() => lineFrom(join(folder, "missing"))).toThrow(/missing can't be read: it isn't there\.$/);
  });
});
