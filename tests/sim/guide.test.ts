import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";

const run = promisify(execFile);

/** A folder below this one, so that the packages are found by their names. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(fileURLToPath(new URL(".", import.meta.url)), ".guide-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("the guide's tests pass, and their process ends by itself", async () => {
  const text = await readFile(new URL("../../docs/guide/testing.md", import.meta.url), "utf8");
  const files = [...text.matchAll(/```js\n(.*?)```/gs)].map(
    ([, code], i) => [join(folder, `${i}.test.mjs`), code] as const,
  );
  for (const [file, code] of files) await writeFile(file, code as string);
  const { stdout } = await run(process.execPath, ["--test", ...files.map(([file]) => file)]);
  expect(stdout).toMatch(/pass 5\b[\s\S]*fail 0\b/);
});
