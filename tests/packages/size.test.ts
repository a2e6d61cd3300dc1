import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { sizeLimits } from "./limits.ts";
import { packages } from "./packed.ts";

interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** What a page pays for all of a package. */
async function measure(name: string, folder: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "${name}";`, resolveDir: folder },
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

describe("a web page pays", () => {
  const limited = packages.filter(({ name }) => name in sizeLimits);

  it.each(limited)("no more for $manifest.name than its limit", async ({ name, source, manifest }) => {
    const limit = sizeLimits[name] ?? 0;
    const { minified, gzipped } = await measure(manifest.name, source);
    rows.push(
      `${manifest.name.padEnd(24)}${kilobytes(minified).padStart(10)}${kilobytes(gzipped).padStart(10)}${String(limit).padStart(10)}`,
    );
    expect(minified).toBeGreaterThan(1000);
    expect(gzipped / 1000).toBeLessThanOrEqual(limit);
  });

  it("for packages that exist", () => {
    expect(Object.keys(sizeLimits).filter((name) => !existsSync(`packages/${name}`))).toEqual([]);
  });
});

afterAll(() => {
  const head = `${"KB".padEnd(24)}${"minified".padStart(10)}${"gzipped".padStart(10)}${"limit".padStart(10)}`;
  process.stdout.write(`\n${[head, ...rows].join("\n")}\n`);
});
