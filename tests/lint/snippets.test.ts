import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".cache/snippets");

/** Packages of others that the documentation's code imports, and who has them here. */
const others = {
  valibot: "packages/coordination/node_modules/valibot",
  react: "examples/react/node_modules/@types/react",
  peerjs: "bench/node_modules/peerjs",
  trystero: "docs/node_modules/trystero",
  "simple-peer": "tests/interop/node_modules/@types/simple-peer",
};

interface Snippet {
  readonly file: string;
  /** The line in the file on which it begins, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** All pages that somebody wrote: the reference is made of what the compiler has checked. */
function pages(): string[] {
  const patterns = [
    "*.md",
    "docs/*.md",
    "docs/{guide,spec,decisions}/*.md",
    "packages/*/README.md",
    "examples/**/README.md",
  ];
  return globSync(patterns, { cwd: root, exclude: (name) => name === "node_modules" });
}

function snippetsOf(file: string): Snippet[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^( *)```(js|ts|tsx)\n(.*?)^ *```$/gms)].map(
    ({ 1: indent, 2: language, 3: code, index }) => ({
      file,
      line: text.slice(0, index).split("\n").length + 1,
      language: language as string,
      code: (code as string).replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

/** A module of its own, whose lines have the numbers that they have on the page. */
function write({ file, line, language, code }: Snippet): void {
  const name = `${file.replaceAll("/", "__")}.${line}.${language}`;
  writeFileSync(join(folder, name), `${"\n".repeat(line - 1)}${code}\nexport {};\n`);
}

function writeConfiguration(): void {
  const written = readFileSync(join(root, "tsconfig.json"), "utf8").replace(/^ *\/\/.*$/gm, "");
  const { compilerOptions } = JSON.parse(written);
  const paths: Record<string, readonly string[]> = {};
  for (const [name, [path]] of Object.entries<[string]>(compilerOptions.paths)) paths[name] = [join(root, path)];
  for (const [name, path] of Object.entries(others)) paths[name] = [join(root, path)];
  // People write JavaScript as they do: what may be undefined is their own affair.
  const loose = { noImplicitAny: false, noUncheckedIndexedAccess: false, noImplicitReturns: false };
  const options = { paths, allowJs: true, checkJs: true, ...loose };
  const include = ["*.js", "*.ts", "*.tsx", join(root, "tests/lint/snippets.d.ts")];
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: options, include }),
  );
}

/** What the compiler says, by page and line. */
async function complaints(): Promise<string[]> {
  const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["-p", folder], { cwd: folder }).catch(
    (error) => error,
  );
  // The sources aren't written for looser rules; their own compilation has seen them.
  return stdout.split("\n").filter((line: string) => /^[^ (]*\.md\./.test(line));
}

it("each piece of code in the documentation fits the packages' types", async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const snippets = pages().flatMap(snippetsOf);
  expect(snippets.length).toBeGreaterThan(40);
  for (const snippet of snippets) write(snippet);
  writeConfiguration();
  expect(await complaints()).toEqual([]);
}, 60_000);
