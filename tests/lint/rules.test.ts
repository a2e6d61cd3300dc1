import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Each rule that guards the architecture is shown a file that breaks it, and one that doesn't: a rule that no longer
// fires (a renamed option, a folder that moved) fails here instead of falling silent.

interface Case {
  readonly path: string;
  readonly code: string;
  readonly why: string;
}

const importing = (name: string): string => `import * as other from "${name}";\nexport const it = other;\n`;

const imports = "lint/style/noRestrictedImports";
const forbiddenImports: readonly [from: string, names: readonly string[]][] = [
  ["packages/protocol/src/x.ts", ["@skein/client", "@skein/server", "@skein/protocol", "@skein/client/deep"]],
  ["packages/client/src/x.ts", ["@skein/server", "@skein/relay-fallback", "@skein/testing", "@skein/protocol/deep"]],
  ["packages/client/src/core/x.ts", ["@skein/server", "@skein/protocol/dist/esm/index.js"]],
  ["packages/server/src/x.ts", ["@skein/client", "@skein/coordination", "@skein/testing"]],
  ["packages/coordination/src/x.ts", ["@skein/client", "@skein/relay-fallback"]],
  ["packages/relay-fallback/src/x.ts", ["@skein/server", "@skein/coordination", "@skein/client/deep"]],
  ["packages/cli/src/commands/serve.ts", ["@skein/testing", "@skein/server/deep"]],
  ["packages/cli/src/commands/sim.ts", ["@skein/testing/deep"]],
];
const allowedImports: readonly [from: string, names: readonly string[]][] = [
  ["packages/client/src/x.ts", ["@skein/protocol", "./y.js"]],
  ["packages/server/src/x.ts", ["@skein/protocol", "node:http"]],
  ["packages/coordination/src/x.ts", ["@skein/protocol"]],
  ["packages/relay-fallback/src/x.ts", ["@skein/protocol", "@skein/client"]],
  ["packages/cli/src/commands/serve.ts", ["@skein/server", "@skein/client", "@skein/protocol"]],
  ["packages/cli/src/share/fetch.ts", ["@skein/coordination", "@skein/coordination/node"]],
  ["packages/cli/src/commands/sim.ts", ["@skein/testing"]],
  ["packages/cli/src/conformance/run.ts", ["@skein/testing"]],
  ["packages/testing/src/x.ts", ["@skein/server", "@skein/client", "@skein/coordination"]],
  ["packages/client/src/a/b/x.ts", ["../y.js", "../../y.js"]],
  ["packages/client/src/a/x.test.ts", ["../../vectors/x.js"]],
  ["packages/client/src/engine/platform.node.ts", ["node:module"]],
  ["packages/client/src/network/network.node.ts", ["node:os"]],
];
const ways: readonly ((name: string) => string)[] = [
  importing,
  (name) => `export { a } from "${name}";\n`,
  (name) => `import type { A } from "${name}";\nexport type B = A;\n`,
  (name) => `export const load = () => import("${name}");\n`,
];

const broken: Readonly<Record<string, readonly Case[]>> = {
  [imports]: forbiddenImports.flatMap(([path, names]) =>
    names.flatMap((name) =>
      ways.map((write) => ({ path, code: write(name), why: `${path}: ${write(name).split("\n")[0]}` })),
    ),
  ),
  "package-borders": [
    ["packages/client/src/x.ts", "../../protocol/src/x.js"],
    ["packages/client/src/a/x.ts", "../../../protocol/src/x.js"],
    ["packages/client/src/a/b/x.ts", "../../../../protocol/src/x.js"],
    ["packages/client/src/a/b/c/x.ts", "../../../../../protocol/src/x.js"],
    ["packages/client/src/a/b/x.ts", "../b/../../../../protocol/src/x.js"],
    ["packages/client/src/a/x.test.ts", "../../../server/src/x.js"],
  ].map(([path = "", name = ""]) => ({ path, code: importing(name), why: `${path} imports ${name}` })),
  "lint/correctness/noUndeclaredDependencies": [
    { path: "packages/client/src/x.ts", code: importing("ws"), why: "a package that isn't declared" },
  ],
  "lint/correctness/useImportExtensions": [
    { path: "packages/client/src/x.ts", code: importing("./y"), why: "no extension" },
    { path: "packages/client/src/x.ts", code: importing("./y.ts"), why: "the source's extension" },
  ],
  "lint/correctness/noNodejsModules": [
    { path: "packages/protocol/src/x.ts", code: importing("node:fs"), why: "Node in a package for browsers" },
    { path: "packages/server/src/core/x.ts", code: importing("node:fs"), why: "Node in a core" },
  ],
  "lint/style/noRestrictedGlobals": [
    "Date.now()",
    "new Date()",
    "performance.now()",
    "setTimeout(() => {}, 1)",
    "setInterval(() => {}, 1)",
    "setImmediate(() => {})",
    "queueMicrotask(() => {})",
    "Promise.resolve()",
    "new Promise(() => {})",
    "crypto.getRandomValues(new Uint8Array(1))",
    'fetch("x")',
    'new WebSocket("ws://x")',
    "new RTCPeerConnection()",
    'new BroadcastChannel("x")',
    "process.env",
    "navigator.onLine",
    "globalThis.Date",
    "self.crypto",
    "window.crypto",
  ].map((code) => ({ path: "packages/client/src/core/x.ts", code: `export const it = ${code};\n`, why: code })),
  "lint/suspicious/noConsole": [
    { path: "packages/client/src/core/x.ts", code: 'console.log("x");\nexport {};\n', why: "console in a core" },
    { path: "packages/server/src/x.ts", code: 'console.error("x");\nexport {};\n', why: "console in a package" },
  ],
  "pure-core": [
    "export const it = Math.random();",
    "export async function it() {}",
    "export const it = async () => 1;",
    "export const it = async function () {};",
    "export class It { async it() {} }",
    "export class It { static async it() {} }",
    "export class It { private async it() {} }",
    "export const it = { async it() {} };",
    "export const it = await one;",
    "for await (const one of all) use(one);",
    "export type It = Promise<void>;",
    "export function it(): PromiseLike<void> | undefined { return undefined; }",
    'export const it = import("./y.js");',
  ].map((code) => ({ path: "packages/server/src/core/deep/x.ts", code: `${code}\n`, why: code })),
  "lint/suspicious/noExplicitAny": [
    { path: "packages/client/src/x.ts", code: "export const it: any = 1;\n", why: "any" },
    { path: "packages/client/src/x.test.ts", code: "export const it = (x: any) => x;\n", why: "any in a test" },
  ],
  "lint/style/noDefaultExport": [
    { path: "packages/client/src/x.ts", code: "export default 1;\n", why: "a default export" },
  ],
  "lint/security/noGlobalEval": [
    { path: "packages/client/src/x.ts", code: 'export const it = eval("1");\n', why: "eval" },
  ],
  "lint/nursery/noFloatingPromises": [
    {
      path: "packages/client/src/x.ts",
      code: "async function a() {}\nexport const b = () => {\n  a();\n};\n",
      why: "dropped",
    },
  ],
  "lint/suspicious/noFocusedTests": [
    { path: "packages/client/src/x.test.ts", code: 'it.only("x", () => {});\n', why: "a test that hides the others" },
  ],
  "lint/suspicious/noSkippedTests": [
    { path: "packages/client/src/x.test.ts", code: 'it.skip("x", () => {});\n', why: "a test that is left out" },
  ],
};

const clean: readonly Case[] = [
  ...allowedImports.flatMap(([path, names]) =>
    names.map((name) => ({ path, code: importing(name), why: `${path} imports ${name}` })),
  ),
  {
    path: "packages/client/src/core/x.ts",
    code: "export const step = (nowMs: number, random: number): number => nowMs + Math.floor(random * 10);\n",
    why: "a pure core",
  },
  {
    path: "packages/client/src/core/x.test.ts",
    code: "export const it = async () => Date.now() + Math.random();\n",
    why: "a core's test",
  },
  { path: "packages/client/src/x.ts", code: "export const it = async () => Date.now();\n", why: "a shell" },
  { path: "tsup.config.ts", code: "export default {};\n", why: "a configuration" },
];

const everyPackage = ["protocol", "client", "server", "relay-fallback", "coordination", "testing"];
const dependencies = Object.fromEntries(everyPackage.map((name) => [`@skein/${name}`, "*"]));

const root = mkdtempSync(join(tmpdir(), "skein-lint-"));
/** The rules that fired, by the folder of their case. */
const fired = new Map<string, Set<string>>();
const all = [...Object.values(broken).flat(), ...clean];
const folders = new Map(all.map((each, index) => [each, `case-${index}`]));

beforeAll(() => {
  for (const file of ["biome.jsonc", "scripts/lint", ".gitignore"]) cpSync(file, join(root, file), { recursive: true });
  for (const [{ path, code }, folder] of folders) {
    const file = join(root, folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
    // The extension of a relative import is only checked where there is a file to import.
    writeFileSync(join(dirname(file), "y.ts"), "export const y = 1;\n");
    const [, name] = /^packages\/([^/]+)\//.exec(path) ?? [];
    if (name === undefined) continue;
    writeFileSync(
      join(root, folder, "packages", name, "package.json"),
      JSON.stringify({ name: `@skein/${name}`, dependencies }),
    );
  }
  const { stdout, stderr } = spawnSync("biome", ["lint", "--reporter=github", "--max-diagnostics=none"], {
    cwd: root,
    encoding: "utf8",
  });
  // A plugin that doesn't compile says so outside of any file.
  expect(stderr).not.toMatch(/plugin|configuration/i);
  for (const [, rule = "", folder = "", text = ""] of stdout.matchAll(
    /^::\w+ title=([^,]+),file=[^,]*(case-\d+)\/[^:]*::(.*)$/gm,
  )) {
    const name =
      rule !== "plugin" ? rule : text.startsWith("This leaves the package") ? "package-borders" : "pure-core";
    fired.set(folder, (fired.get(folder) ?? new Set()).add(name));
  }
}, 60_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

const firedFor = (each: Case): string[] => [...(fired.get(folders.get(each) ?? "") ?? [])];

describe.each(Object.entries(broken))("%s", (rule, cases) => {
  it.each(cases.map((each) => [each.why, each] as const))("refuses %s", (_why, each) => {
    expect(firedFor(each)).toContain(rule);
  });
});

describe("no rule", () => {
  it.each(clean.map((each) => [each.why, each] as const))("refuses %s", (_why, each) => {
    expect(firedFor(each)).toEqual([]);
  });
});
