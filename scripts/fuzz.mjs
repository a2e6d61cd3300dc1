// `npm run fuzz`: reads hostile bytes with every decoder for as long as it is told. What a run tried follows from its seed.
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Failure, install, main, root, say } from "./workspace.mjs";

const help = `npm run fuzz -- [options]

Changes the test vectors in a thousand ways and reads them with every decoder, which must throw nothing, and must read what it read once
again as the same.

  --seconds N   how long, for all of them together (default 60)
  --seed S      tries what the run of that seed tried (default: another each time)
  --only NAME   one decoder, such as "frame"; can be given several times
  --list        names the decoders
  --help        shows this

Exits with 1 where one was found wrong, and then prints the seed and the shortest bytes for it.

  npm run fuzz -- --seconds 600
  npm run fuzz -- --only frame --only payload --seed 42
`;

/** Runs of one decoder at a time. */
const runsAtOnce = 500;
/** Of the processor, for one input: a reader that takes longer hangs. The largest inputs have 256 KiB. */
const hangsMs = 30_000;
const progressMs = 5_000;

/** The sources, bundled: what is tried is what is there, and nothing has to be built. */
async function load() {
  const esbuild = await import("esbuild");
  const source = (name) => join(root, `packages/${name}/src/index.ts`);
  const names = ["protocol", "client", "relay-fallback", "server", "coordination", "testing"];
  const { outputFiles } = await esbuild.build({
    stdin: { contents: entry, resolveDir: root },
    alias: {
      ...Object.fromEntries(names.map((name) => [`@skein/${name}`, source(name)])),
      "#engine": join(root, "packages/client/src/engine/platform.node.ts"),
    },
    external: ["node-datachannel", "node-datachannel/*"],
    nodePaths: [join(root, "node_modules")],
    bundle: true,
    write: false,
    format: "esm",
    // tweetnacl asks for Node's crypto by `require`.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    platform: "node",
    target: "node22",
    absWorkingDir: root,
    tsconfigRaw: {},
  });
  const folder = await mkdtemp(join(tmpdir(), "skein-fuzz-"));
  try {
    const file = join(folder, "fuzz.mjs");
    await writeFile(file, outputFiles[0].text);
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const entry = `
export * as fc from "fast-check";
export { decoderTargets } from "./packages/testing/src/hostile/decoder-targets.ts";
export { toHex } from "./packages/testing/src/hostile/hex.ts";
export { hostileBytes } from "./packages/testing/src/hostile/hostile-bytes.test-support.ts";
export { shortest } from "./packages/testing/src/hostile/shortest.ts";
export { Vectors } from "./packages/testing/src/hostile/vectors.ts";
export { commandTargets } from "./packages/cli/src/hostile-input.test-support.ts";
`;

function readOptions() {
  const number = (name, text, least) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new Failure(`--${name} takes a whole number of ${least} or more, not "${text}".`);
  };
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: "string", default: "60" },
        seed: { type: "string" },
        only: { type: "string", multiple: true, default: [] },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    return {
      ...values,
      seconds: number("seconds", values.seconds, 1),
      seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : number("seed", values.seed, 0),
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${error.message} \`npm run fuzz -- --help\` shows what there is.`);
  }
}

function choose(targets, only) {
  const unknown = only.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new Failure(`There is no decoder "${unknown}": there are ${targets.map(({ name }) => name).join(", ")}.`);
  }
  return only.length === 0 ? targets : targets.filter(({ name }) => only.includes(name));
}

/** What is wrong about these bytes, if anything: a complaint, or what was thrown. */
function complaintOf(target, bytes) {
  try {
    return target.check(bytes);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

function tryOnce({ fc, hostileBytes }, target, seed, slowest) {
  const property = fc.property(hostileBytes(target), (bytes) => {
    const start = process.cpuUsage();
    const complaint = complaintOf(target, bytes);
    const ms = process.cpuUsage(start).user / 1000;
    if (ms > hangsMs) throw new Failure(`${target.name} took ${ms} ms for ${bytes.length} bytes, at seed ${seed}.`);
    if (ms > slowest.ms) Object.assign(slowest, { ms, name: target.name, bytes: bytes.length });
    return complaint === undefined;
  });
  return fc.check(property, { seed, numRuns: runsAtOnce });
}

function report({ shortest, toHex }, target, bytes, seed) {
  const least = shortest(bytes, (other) => complaintOf(target, other) !== undefined);
  process.stdout.write(`${target.name}: ${complaintOf(target, least)}\n`);
  process.stdout.write(`seed ${seed}\nbytes ${toHex(least)}\n`);
  process.stdout.write(`Try it again with: npm run fuzz -- --only ${target.name} --seed ${seed}\n`);
}

await main(async () => {
  const { seconds, seed, only, list, help: wantsHelp } = readOptions();
  if (wantsHelp) {
    process.stdout.write(help);
    return 0;
  }
  await install();
  const parts = await load();
  const vectors = new parts.Vectors((file) => readFileSync(join(root, "packages/protocol/vectors", file), "utf8"));
  const all = [...parts.decoderTargets(vectors), ...parts.commandTargets];
  if (list) {
    process.stdout.write(`${all.map(({ name }) => name).join("\n")}\n`);
    return 0;
  }
  const targets = choose(all, only);
  say(`Seed ${seed}, ${seconds} s, ${targets.map(({ name }) => name).join(", ")}.`);
  const slowest = { ms: 0, name: "", bytes: 0 };
  const endMs = performance.now() + 1000 * seconds;
  let toldMs = performance.now();
  let runs = 0;
  // Each round of the same decoders has a seed that follows from the first: a run is found again however long it takes.
  for (let round = 0; performance.now() < endMs; round++) {
    for (const target of targets) {
      const outcome = tryOnce(parts, target, (seed + round) % 2 ** 31, slowest);
      runs += outcome.numRuns;
      if (outcome.failed) {
        report(parts, target, outcome.counterexample[0], (seed + round) % 2 ** 31);
        return 1;
      }
      if (performance.now() - toldMs < progressMs) continue;
      toldMs = performance.now();
      say(`${runs.toLocaleString("en")} inputs, ${Math.max(0, Math.round((endMs - toldMs) / 1000))} s to go`);
    }
  }
  say(
    `${runs.toLocaleString("en")} inputs, nothing found. The slowest took ${slowest.ms.toFixed(0)} ms: ${slowest.bytes} bytes of ${slowest.name}.`,
  );
  return 0;
});
