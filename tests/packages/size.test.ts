import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { entryLimits, sizeLimits } from "./limits.ts";
import { packages } from "./support/packed.ts";

interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** What a page pays for all of these entries. */
async function measure(folder: string, ...names: readonly string[]): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: names.map((name) => `export * from "${name}";`).join("\n"), resolveDir: folder },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
    // The built packages, not the sources that the workspace maps their names to.
    tsconfigRaw: {},
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
}

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

  it("for packages that exist", () => {
    expect(Object.keys(sizeLimits).filter((name) => !existsSync(`packages/${name}`))).toEqual([]);
  });
});

afterAll(() => {
  const head = `${"KB".padEnd(24)}${"minified".padStart(10)}${"gzipped".padStart(10)}${"limit".padStart(10)}`;
  process.stdout.write(`\n${[head, ...rows].join("\n")}\n`);
});
