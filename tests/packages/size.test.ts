import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { entryLimits, sizeLimits } from "./limits.ts";
import { packages } from "./support/packed.ts";

interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** Bundles a page's script as any page would: the built packages, not the sources that the workspace maps their names to. */
async function bundle(folder: string, contents: string, more: BuildOptions = {}): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
    tsconfigRaw: {},
    ...more,
  });
  return outputFiles?.[0]?.contents ?? new Uint8Array();
}

/** What a page pays for all of these entries. */
async function measure(folder: string, ...names: readonly string[]): Promise<Size> {
  const bytes = await bundle(folder, names.map((name) => `export * from "${name}";`).join("\n"));
  return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
}

/** Names that Node has and browsers lack. esbuild puts the mark wherever one of them is free: not declared by the code itself. */
// Of `process` it would know one property by itself, as some bundlers do and others don't.
const nodeNames = ["process", "process.env.NODE_ENV", "Buffer", "global", "setImmediate", "__dirname", "__filename"];
const marks = Object.fromEntries(nodeNames.map((name) => [name, `browsers_lack_${name.replaceAll(".", "_")}`]));

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
const rows: string[] = [];
const row = (name: string, minified: number, gzipped: number, limit: number): string =>
  `${name.padEnd(24)}${kilobytes(minified).padStart(10)}${kilobytes(gzipped).padStart(10)}${String(limit).padStart(10)}`;

describe("a web page pays", () => {
  const limited = packages.filter(({ name }) => name in sizeLimits);

  it.each(limited)("no more for $manifest.name than its limit", async ({ name, source, manifest }) => {
    const limit = sizeLimits[name] ?? 0;
    const { minified, gzipped } = await measure(source, manifest.name);
    rows.push(row(manifest.name, minified, gzipped, limit));
    expect(minified).toBeGreaterThan(1000);
    expect(gzipped / 1000).toBeLessThanOrEqual(limit);
  });

  it.each(Object.entries(entryLimits))("no more for %s, beside its package, than its limit", async (entry, limit) => {
    const owner = packages.find(({ manifest }) => entry.startsWith(`${manifest.name}/`));
    const { manifest, source } = owner as (typeof packages)[number];
    const [alone, both] = [await measure(source, manifest.name), await measure(source, manifest.name, entry)];
    const added = both.gzipped - alone.gzipped;
    rows.push(row(`+ ${entry.replace("@skein/", "")}`, both.minified - alone.minified, added, limit));
    // Who doesn't import it doesn't pay for it.
    expect(added).toBeGreaterThan(500);
    expect(added / 1000).toBeLessThanOrEqual(limit);
  });

  it.each(limited)("nothing for $manifest.name where nothing of it is used", async ({ source, manifest }) => {
    expect((await bundle(source, `import "${manifest.name}";`)).length).toBe(0);
  });

  it("what docs/packages.md says", () => {
    const page = readFileSync("docs/packages.md", "utf8");
    const told = [...page.matchAll(/^\| `(@skein\/[^`]+)` \| ([\d.]+) \|/gm)].map(([, name, limit]) => [
      name,
      Number(limit),
    ]);
    const own = Object.entries(sizeLimits).map(([name, limit]) => [`@skein/${name}`, limit] as const);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries([...own, ...Object.entries(entryLimits)]));
  });

  it("for packages that exist", () => {
    expect(Object.keys(sizeLimits).filter((name) => !existsSync(`packages/${name}`))).toEqual([]);
  });
});

describe("in a web page", () => {
  const entries = packages
    .filter(({ name }) => name in sizeLimits)
    .flatMap(({ source, manifest }) => [
      { source, entry: manifest.name },
      ...Object.keys(entryLimits)
        .filter((entry) => entry.startsWith(`${manifest.name}/`))
        .map((entry) => ({ source, entry })),
    ]);

  it.each(entries)("$entry needs no name that only Node has", async ({ source, entry }) => {
    const bytes = await bundle(source, `export * from "${entry}";`, { define: marks });
    expect(new TextDecoder().decode(bytes).match(/browsers_lack_\w+/g)).toBeNull();
  });
});

afterAll(() => {
  const head = `${"KB".padEnd(24)}${"minified".padStart(10)}${"gzipped".padStart(10)}${"limit".padStart(10)}`;
  process.stdout.write(`\n${[head, ...rows].join("\n")}\n`);
});
