import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { freshApp } from "./support/fresh-app.ts";
import { Meeting } from "./support/meeting.ts";
import { packages } from "./support/packed.ts";

// Apps without a browser: each in a folder of its own, with what npm installed for it. Each says something to another peer, over
// a server, hears its answer, leaves, and ends by itself.

const run = promisify(execFile);
const installed = inject("installed");
const tool = (path: string): string => join(import.meta.dirname, "node_modules", path);

/** A native addon needs more than the network. */
const denoRights = ["--allow-net", "--allow-ffi", "--allow-read", "--allow-env", "--allow-sys"];

const runtimes: readonly (readonly [app: string, title: string, command: string, args: readonly string[]])[] = [
  ["node-esm", "Node, by import", process.execPath, ["main.js"]],
  ["node-commonjs", "Node, by require, over the relay", process.execPath, ["main.js"]],
  ["node-commonjs", "Node 22, by require, over the relay", tool("node22/bin/node"), ["main.js"]],
  ["bun", "Bun", tool(".bin/bun"), ["run", "main.js"]],
  ["deno", "Deno", tool(".bin/deno"), ["run", ...denoRights, "--no-prompt", "main.js"]],
];
const resolutions = ["node16", "nodenext", "bundler"];

let meeting: Meeting;
const folders: string[] = [];

beforeAll(async () => {
  const rooms = [...runtimes.map(([, title]) => title), ...resolutions, "bundled"];
  meeting = await Meeting.open(installed, rooms);
});
afterAll(async () => {
  await meeting.close();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function app(name: string): Promise<string> {
  const folder = await freshApp(name, installed);
  folders.push(folder);
  return folder;
}

it.each(runtimes)("%s: %s", async (name, room, command, args) => {
  const ended = await run(command, [...args, meeting.server, room], { cwd: await app(name), timeout: 30_000 });
  expect(ended).toEqual({ stdout: "app said: hello\n", stderr: "" });
});

it("Node, by one file that esbuild made: the addon is left to node_modules", async () => {
  const folder = await app("node-bundled");
  const bundling = ["main.js", "--bundle", "--platform=node", "--minify", "--outfile=out/main.cjs"];
  const bundled = await run(tool(".bin/esbuild"), [...bundling, "--log-level=warning"], { cwd: folder });
  expect(bundled).toEqual({ stdout: "", stderr: "" });
  const ended = await run(process.execPath, ["out/main.cjs", meeting.server, "bundled"], {
    cwd: folder,
    timeout: 30_000,
  });
  expect(ended).toEqual({ stdout: "app said: hello\n", stderr: "" });
});

describe("TypeScript, libraries checked too,", () => {
  it.each(["everything.ts", "required.cts"])("%s has every entry of every package", (file) => {
    const text = readFileSync(join(import.meta.dirname, "apps/typescript/src", file), "utf8");
    const named = [...text.matchAll(/"(@skein\/.+)"/g)].map(([, name]) => name);
    const entries = packages.flatMap(({ manifest: { name, exports = {} } }) =>
      Object.keys(exports)
        .filter((path) => !path.endsWith(".json"))
        .map((path) => path.replace(".", name)),
    );
    expect(named.sort()).toEqual(entries.sort());
  });

  it.each(resolutions)("resolves as %s says, and runs", async (resolution) => {
    const folder = await app("typescript");
    const checked = await run(tool(".bin/tsc"), ["-p", `tsconfig.${resolution}.json`], { cwd: folder }).catch(
      ({ stdout, stderr }) => ({ stdout, stderr }),
    );
    expect(checked).toEqual({ stdout: "", stderr: "" });
    const args = ["out/main.js", meeting.server, resolution];
    const ended = await run(process.execPath, args, { cwd: folder, timeout: 30_000 });
    expect(ended).toEqual({ stdout: "app said: hello\n", stderr: "" });
  });
});
