// `npm test`: every check and every test, one step after the other. `npm test -- unit lint` runs those steps alone.
// `--strict` makes what was left out a failure. The last line is the sum of it all.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { installBrowsers, installPrograms, installServers } from "./install-programs.mjs";
import { prepareLab } from "./natlab.mjs";
import { build, Failure, install, main, root, run, say } from "./workspace.mjs";

/** A check counts as one test. */
const passed = { passed: 1, failed: 0, skipped: 0 };
const failed = { passed: 0, failed: 1, skipped: 0 };
const nothing = { passed: 0, failed: 0, skipped: 0 };

/** What failed, told again at the end: the whole of the output is long, and what keeps it may keep its end alone. */
const complaints = [];

const steps = [
  { name: "lint", work: async () => add(await check("biome", "check", "--error-on-warnings"), await vitest("lint")) },
  { name: "build", work: attempt(build) },
  {
    name: "typecheck",
    // Cores see other packages as built declarations.
    work: async () => add(await check("tsc", "--noEmit"), await check("tsc", "-p", "tsconfig.core.json")),
    needsBuild: true,
  },
  { name: "unit", work: unit },
  { name: "docs", work: () => check("node", "scripts/docs.mjs") },
  { name: "packages", work: packed, needsBuild: true, tests: "tests/packages" },
  { name: "compat", work: () => vitest("compat"), needsBuild: true, tests: "tests/compat" },
  { name: "sim", work: () => vitest("sim"), needsBuild: true, tests: "tests/sim" },
  { name: "interop", work: () => suite("interop", installPrograms), needsBuild: true, tests: "tests/interop" },
  { name: "natlab", work: () => suite("natlab", prepareLab), needsBuild: true, tests: "tests/natlab" },
];

async function unit() {
  const obstacle = await installServers();
  if (obstacle !== undefined) say(`Left out: what needs other servers. ${obstacle}`);
  return vitest("unit");
}

async function packed() {
  const obstacle = await installBrowsers();
  if (obstacle === undefined) return vitest("packages");
  say(`Left out: apps in pages. ${obstacle}`);
  return add(await vitest("packages", "--exclude=**/pages.test.ts"), { ...nothing, skipped: 1 });
}

/** @param prepare says what stands in the way, if anything does. */
async function suite(name, prepare) {
  const obstacle = await prepare();
  if (obstacle === undefined) return vitest(name);
  say(`Left out: the ${name} suite. ${obstacle}`);
  return { ...nothing, skipped: 1 };
}

async function check(command, ...args) {
  const { code } = await run(command, args);
  return code === 0 ? passed : failed;
}

async function vitest(project, ...more) {
  const report = join(root, `.cache/tests/${project}.json`);
  mkdirSync(join(root, ".cache/tests"), { recursive: true });
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  // These wait for little but the processor: a worker for each core.
  const workers = ["unit", "packages"].includes(project) ? [`--maxWorkers=${availableParallelism()}`] : [];
  const { code } = await run("vitest", ["run", "--project", project, ...workers, ...more, ...reporters]);
  if (!existsSync(report)) return failed;
  const results = JSON.parse(readFileSync(report, "utf8"));
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
  const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  complaints.push(...failuresOf(results));
  // A file that doesn't load, or an error outside of all tests, fails a run without a failed test.
  return code !== 0 && counts.failed === 0 ? add(counts, failed) : counts;
}

/** Each test that failed, and each file that couldn't be run, in some lines. */
function failuresOf({ testResults }) {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name);
    const tests = assertionResults.filter(({ status }) => status === "failed");
    if (tests.length === 0) return message === "" ? [] : [`${file}\n${shorten(message)}`];
    return tests.map(({ fullName, failureMessages }) => `${file}: ${fullName}\n${shorten(failureMessages.join("\n"))}`);
  });
}

/** The first lines of a message: what was wrong stands there, and where it was thrown behind it. */
function shorten(message) {
  const lines = stripVTControlCharacters(message).split("\n");
  return lines
    .slice(0, 30)
    .map((line) => `    ${line}`)
    .join("\n");
}

/** Turns a failure that is explained in a sentence into a failed check. */
function attempt(work) {
  return async () => {
    try {
      await work();
      return passed;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say(error.message);
      return failed;
    }
  };
}

function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

function hasTests(folder) {
  const path = join(root, folder);
  return (
    existsSync(path) &&
    readdirSync(path, { recursive: true }).some((file) => /^(?!.*node_modules).*\.test\.ts$/.test(file))
  );
}

/** The steps that were asked for, with the build in front of what needs it. */
function choose(names) {
  const unknown = names.find((name) => !steps.some((step) => step.name === name));
  if (unknown !== undefined) {
    throw new Failure(`There is no step "${unknown}". The steps: ${steps.map(({ name }) => name).join(", ")}.`);
  }
  const wanted = steps.filter(({ name }) => names.length === 0 || names.includes(name));
  const withBuild = wanted.some(({ needsBuild }) => needsBuild)
    ? steps.filter((step) => step.name === "build" || wanted.includes(step))
    : wanted;
  return withBuild.filter(({ tests }) => tests === undefined || hasTests(tests));
}

await main(async () => {
  const args = process.argv.slice(2);
  const strict = args.includes("--strict");
  const chosen = choose(args.filter((arg) => arg !== "--strict"));
  await install();

  let total = nothing;
  const failures = [];
  for (const { name, work } of chosen) {
    console.log(`\n── ${name} ${"─".repeat(72 - name.length)}`);
    const startedMs = Date.now();
    const counts = await work();
    // Where nothing may be left out, what was left out has failed.
    const counted = strict ? { ...counts, failed: counts.failed + counts.skipped, skipped: 0 } : counts;
    total = add(total, counted);
    if (counted.failed > 0) failures.push(name);
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    console.log(`${counted.failed > 0 ? "✗" : "✓"} ${name}: ${summary(counted)}, ${seconds} s`);
  }
  for (const complaint of complaints) console.log(`\n✗ ${complaint}`);
  console.log(failures.length === 0 ? "\nAll is well." : `\nFailed: ${failures.join(", ")}.`);
  console.log(summary(total));
  return failures.length === 0 ? 0 : 1;
});

function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
