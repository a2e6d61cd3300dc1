import { type ChildProcess, execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "../interop/support/browsers.ts";
import { freshApp } from "./support/fresh-app.ts";
import { end, Meeting, printed, start } from "./support/meeting.ts";
import { type Site, serveFolder } from "./support/serve-folder.ts";
import { type Browser, visit } from "./support/visit.ts";

// Apps for browsers: each in a folder of its own, with what npm installed for it and one bundler. The bundler has nothing to say,
// and neither has the console; the page says something to a peer in Node, hears its answer, and leaves.

const run = promisify(execFile);
const installed = inject("installed");
const node = process.execPath;
const module = (path: string): string => join("node_modules", path);

/** What strict sites send: nothing but their own scripts, and no text that becomes a script. */
const strictPolicy =
  "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:*; img-src data:; require-trusted-types-for 'script'";

interface Built {
  readonly app: string;
  readonly command: readonly [command: string, ...args: string[]];
  /** Where the page is, once it is built. */
  readonly out: string;
}

const esbuild = [
  module("esbuild/bin/esbuild"),
  "main.js",
  "--bundle",
  "--format=esm",
  "--outfile=dist/main.js",
  "--log-level=warning",
] as const;
const built: readonly Built[] = [
  { app: "vite", command: [node, module("vite/bin/vite.js"), "build", "--logLevel=warn"], out: "dist" },
  { app: "webpack", command: [node, "build.js"], out: "." },
  { app: "esbuild", command: esbuild, out: "." },
  { app: "strict-policy", command: [...esbuild, "--minify"], out: "." },
];
const served = [
  { app: "vite", command: [module("vite/bin/vite.js"), "--host=127.0.0.1", "--port=0"], build: [] },
  {
    app: "next",
    command: [module("next/dist/bin/next"), "start", "--port=0"],
    build: [module("next/dist/bin/next"), "build"],
  },
];

let meeting: Meeting;
let browser: Browser;
const folders: string[] = [];
const sites: Site[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  const rooms = [
    "vite",
    "webpack",
    "esbuild",
    "strict-policy",
    "vite-served",
    "next-served",
    "electron-main",
    "electron",
  ];
  [meeting, browser] = await Promise.all([Meeting.open(installed, rooms), launch("chromium")]);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([...children.map(end), ...sites.map((site) => site.close()), meeting.close()]);
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function app(name: string): Promise<string> {
  const folder = await freshApp(name, installed);
  folders.push(folder);
  return folder;
}

async function openPage(folder: string): Promise<string> {
  const site = await serveFolder(folder, { "content-security-policy": strictPolicy });
  sites.push(site);
  return site.url;
}

const place = (url: string, room: string): string => `${url}?${new URLSearchParams({ server: meeting.server, room })}`;
const heard = { answer: "app said: hello", complaints: [] };
// As at a user's desk: on a CI machine bundlers give advice of their own, such as Next's about a cache.
const environment = {
  ...process.env,
  CI: undefined,
  NODE_ENV: undefined,
  NO_COLOR: "1",
  FORCE_COLOR: undefined,
  NEXT_TELEMETRY_DISABLED: "1",
};

describe("an app for browsers", () => {
  it.each(built)("built by $app", async ({ app: name, command: [command, ...args], out }) => {
    const cwd = await app(name);
    expect(await run(command, args, { cwd, env: environment })).toEqual({ stdout: "", stderr: "" });
    expect(await visit(browser, place(await openPage(join(cwd, out)), name))).toEqual(heard);
  });

  it.each(served)("served by $app", async ({ app: name, command, build }) => {
    const cwd = await app(name);
    if (build.length > 0) {
      const { stdout, stderr } = await run(node, build, { cwd, env: environment });
      expect(stderr).toBe("");
      expect(stdout.split("\n").filter((line) => /warn|error|⚠/i.test(line))).toEqual([]);
    }
    const serving = start(node, command, cwd, environment);
    children.push(serving);
    const [url] = await printed(serving, /http:\/\/[^/\s]+:\d+/);
    expect(await visit(browser, place(`${url}/`, `${name}-served`))).toEqual(heard);
  });
});

describe("an Electron app", () => {
  it("bundles both of its processes; the one talks in Node, the other in Chromium", async () => {
    const cwd = await app("electron");
    expect(await run(node, ["build.js"], { cwd, env: environment })).toEqual({ stdout: "", stderr: "" });
    const main = run(node, ["dist/main.cjs", meeting.server, "electron-main"], { cwd, timeout: 30_000 });
    expect(await main).toEqual({ stdout: "app said: hello\n", stderr: "" });
    expect(await visit(browser, place(await openPage(cwd), "electron"))).toEqual(heard);
  });
});
