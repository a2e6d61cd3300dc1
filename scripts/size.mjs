// `npm run size`: what each module costs a web page that imports all of a package, by leaving it out. `-- protocol` asks for
// another package than the client.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure, install, main, root } from "./workspace.mjs";

const pagePackages = ["client", "protocol", "relay-fallback"];

/** From the sources, so that each module shows by itself. What is built differs by a percent at most. */
async function bundle(esbuild, name) {
  const source = (path) => join(root, "packages", path);
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export * from "@skein/${name}";`, resolveDir: root },
    alias: {
      ...Object.fromEntries(pagePackages.map((each) => [`@skein/${each}`, source(`${each}/src/index.ts`)])),
      "#engine": source("client/src/engine/platform.browser.ts"),
    },
    bundle: true,
    write: false,
    minifyIdentifiers: true,
    minifySyntax: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    absWorkingDir: root,
    tsconfigRaw: {},
  });
  // What is exported can't be left out with its module, so all do without.
  return outputFiles[0].text.replace(/^export \{[^}]*\};\s*$/m, "");
}

/** esbuild begins each module with its path, where it leaves white space in. */
function split(text) {
  const parts = text.split(/^(?=(?: {2})?\/\/ (?:packages|node_modules)\/)/m);
  return parts.map((code) => ({ name: /^\s*\/\/ (\S+)/.exec(code)?.[1] ?? "bundler's helpers", code }));
}

async function measure(esbuild, text) {
  const { code } = await esbuild.transform(text, { minifyWhitespace: true, target: "es2022" });
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

/** Small by itself isn't small in company: what counts is how much smaller the rest is alone. */
async function weigh(esbuild, parts, whole, isPart) {
  const rest = await measure(
    esbuild,
    parts
      .filter((part) => !isPart(part))
      .map(({ code }) => code)
      .join(""),
  );
  return { minified: whole.minified - rest.minified, gzipped: whole.gzipped - rest.gzipped };
}

const shortName = (name) => name.replace(/^.*node_modules\//, "");
const groupOf = (name) => (name.startsWith("packages/") ? name.split("/", 2).join("/") : shortName(name).split("/")[0]);
const unique = (names) => [...new Set(names)];

async function table(esbuild, parts, whole, label) {
  const rows = unique(parts.map(({ name }) => label(name))).map(async (name) => {
    const weight = await weigh(esbuild, parts, whole, (part) => label(part.name) === name);
    return { name, ...weight };
  });
  return (await Promise.all(rows)).sort((a, b) => b.gzipped - a.gzipped);
}

function print(title, rows) {
  process.stdout.write(`\n${title.padEnd(48)}${"minified".padStart(10)}${"gzipped".padStart(10)}\n`);
  for (const { name, minified, gzipped } of rows) {
    process.stdout.write(`${name.padEnd(48)}${String(minified).padStart(10)}${String(gzipped).padStart(10)}\n`);
  }
}

await main(async () => {
  const [name = "client"] = process.argv.slice(2);
  if (!pagePackages.includes(name)) throw new Failure(`Pages import one of these: ${pagePackages.join(", ")}.`);
  await install();
  const esbuild = await import("esbuild");
  const text = await bundle(esbuild, name);
  const whole = await measure(esbuild, text);
  const parts = split(text);
  print("bytes, by what is left out", await table(esbuild, parts, whole, groupOf));
  print("module", await table(esbuild, parts, whole, shortName));
  print("", [{ name: "all of it", ...whole }]);
  return 0;
});
