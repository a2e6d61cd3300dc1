// What `npm start` and `npm test` need before anything is installed: plain Node 20, no dependencies.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export const pnpmVersion = "12.21.0";
const binaries = join(root, "node_modules/.bin");

/** Node 24, which the build and the tests need; the `node` package puts it there, whatever runs this script. */
export const node24 = join(binaries, "node");
/** The environment in which the workspace's own tools, and Node 24, come first. */
export const environment = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}` };

/** Something that a person can act on: shown as it is, without a stack. */
export class Failure extends Error {}

/** Progress goes to stderr, so that stdout carries nothing but what was asked for. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a command and waits for its end. Signals to this process go on to it.
 * @returns its exit code (128 + n after signal n), and what it wrote unless it shares our output.
 */
export function run(command, args, { quiet = false, env = environment, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        // Enough for the end of a long log.
        output = (output + text).slice(-20_000);
      });
    }
    const stopPassing = passSignalsTo(child);
    child.on("error", (error) => {
      stopPassing();
      reject(new Failure(`${command} can't be run: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      const interrupted = stopPassing();
      const exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
      // Half an installation or build is no failure to explain where someone asked us to stop.
      if (quiet && interrupted !== undefined) process.exit(128 + constants.signals[interrupted]);
      resolve({ code: exitCode, signal, output });
    });
  });
}

function passSignalsTo(child) {
  let last;
  const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
    const handler = () => {
      last = signal;
      // A terminal sends Ctrl-C to the whole group: a second one might mean "at once" to the child.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler];
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    return last;
  };
}

/** Installs and builds what is missing or out of date. */
export async function prepare() {
  await install();
  await build();
}

/** Installs what the lockfile says, unless that is what lies there. */
export async function install() {
  if (isInstalled()) return false;
  say("Installing dependencies (a minute or so, once) …");
  await pnpm("The installation failed", ["install", "--frozen-lockfile"]);
  return true;
}

/** Builds the packages whose sources are newer than what was built from them. */
export async function build() {
  const stale = withDependents(packages().filter(isStale));
  if (stale.length === 0) return false;
  say(`Building ${stale.join(", ")} …`);
  const startedAt = new Date();
  await pnpm("The build failed", ["-r", ...stale.flatMap((name) => ["--filter", `./packages/${name}`]), "build"]);
  for (const mark of stale.map(builtMark)) {
    mkdirSync(dirname(mark), { recursive: true });
    writeFileSync(mark, "");
    // The time before the build: what was edited meanwhile isn't in it.
    utimesSync(mark, startedAt, startedAt);
  }
  return true;
}

/** The folders in `packages` that can be built. */
export function packages() {
  return readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "package.json")))
    .filter((name) => "build" in (JSON.parse(read(`packages/${name}/package.json`)).scripts ?? {}))
    .sort();
}

/** Ends the process as `work` ends: with its exit code, or with one sentence and 1. */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

function isInstalled() {
  // pnpm leaves the lockfile that it worked by beside what it installed.
  const installed = "node_modules/.pnpm/lock.yaml";
  return existsSync(node24) && existsSync(join(root, installed)) && read(installed) === read("pnpm-lock.yaml");
}

/** What bundles or checks against a package that is built anew is to be built anew as well. */
function withDependents(names) {
  const found = new Set(names);
  const dependsOnFound = (name) => {
    const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`));
    return [...found].some((other) => `@skein/${other}` in dependencies);
  };
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const name of packages().filter(dependsOnFound)) found.add(name);
  }
  return [...found].sort();
}

function isStale(name) {
  const folder = `packages/${name}`;
  const mark = builtMark(name);
  if (!existsSync(mark) || !existsSync(join(root, folder, "dist"))) return true;
  const recipe = ["tsup.config.ts", "tsconfig.base.json", "scripts/build-package.mjs", "pnpm-lock.yaml"];
  // What operators install is in the command's package.
  if (name === "cli") recipe.push("deploy");
  const own = readdirSync(join(root, folder)).filter((entry) => entry !== "dist" && entry !== "node_modules");
  const inputs = [...recipe, ...own.map((entry) => `${folder}/${entry}`)];
  return Math.max(...inputs.map((path) => newest(join(root, path)))) > statSync(mark).mtimeMs;
}

/** Its time tells when a package was last built to the end. */
function builtMark(name) {
  return join(root, ".cache/built", name);
}

/** When a file, or anything in a folder, last changed. A folder's own time tells of files that are gone. */
function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  const entries = readdirSync(path).filter((entry) => !/\.test\.ts$/.test(entry));
  return Math.max(mtimeMs, ...entries.map((entry) => newest(join(path, entry))));
}

async function pnpm(what, args) {
  // CI: never ask, and never wait for an answer.
  const env = { ...environment, CI: "true" };
  const { code, output } = await run("npx", ["-y", `pnpm@${pnpmVersion}`, ...args], { quiet: true, env });
  if (code === 0) return;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ERR_PNPM_META_FETCH_FAIL/.test(output)) {
    throw new Failure(`${what}: the npm registry can't be reached. Check the connection and try again.`);
  }
  throw new Failure(`${output.trimEnd().split("\n").slice(-40).join("\n")}\n${what}. The end of its log is above.`);
}

function read(path) {
  return readFileSync(join(root, path), "utf8");
}
