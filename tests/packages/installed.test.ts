import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, it } from "vitest";

const run = promisify(execFile);

const all = new Map(inject("packed"));
/** The samples leave after a second, which a busy machine may need to get there. */
const unhurried = (code: string): string => code.replace(/\b1_000\);$/m, "5_000);");

/** An app of its own, outside of the workspace: it has nothing but what npm installs into it. */
const app = mkdtempSync(join(tmpdir(), "skein-app-"));

beforeAll(async () => {
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  // What the registry would add by itself: the client's own dependency of ours.
  const tarballs = ["protocol", "client"].map((name) => all.get(name)?.tarball as string);
  await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...tarballs], { cwd: app });
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

it("@skein/client alone, and the README's lines, make two agents talk", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, code] = /```js\n(.*?)```/s.exec(readme) ?? [];
  writeFileSync(join(app, "agents.js"), unhurried(code as string));
  const { stdout, stderr } = await run(process.execPath, ["agents.js"], { cwd: app, timeout: 30_000 });
  expect(stdout.trim().split("\n").sort()).toEqual(["ann hears bob: hello from bob", "bob hears ann: hello from ann"]);
  expect(stderr).toBe("");
});

it("and so it does where it is required", async () => {
  const example = new URL("../../examples/two-agents/main.js", import.meta.url);
  const code = readFileSync(example, "utf8")
    .replace(/^import (\{.*\}) from "(.*)";$/m, 'const $1 = require("$2");')
    .replace(/^const agents = [\s\S]*/m, (body) => `(async () => {\n${body}})();\n`);
  writeFileSync(join(app, "main.cjs"), code);
  const { stdout, stderr } = await run(process.execPath, ["main.cjs"], { cwd: app, timeout: 30_000 });
  expect(stdout.trim().split("\n")).toEqual(["ann hears bob: hello from bob", "bob hears ann: hello from ann"]);
  expect(stderr).toBe("");
});

it("and agents of several versions of a protocol, as docs/versions.md has them, know whom they can talk with", async () => {
  const page = readFileSync(new URL("../../docs/versions.md", import.meta.url), "utf8");
  const [, code = ""] = /```js\n(.*?)```/s.exec(page) ?? [];
  writeFileSync(join(app, "versions.js"), unhurried(code));
  const { stdout, stderr } = await run(process.execPath, ["versions.js"], { cwd: app, timeout: 30_000 });
  const promised = [...code.matchAll(/^\/\/ (ben hears.*|cal .*)$/gm)].map(([, line]) => line);
  expect(stdout.trim().split("\n").sort()).toEqual(promised.sort());
  expect(stderr).toBe("");
});
