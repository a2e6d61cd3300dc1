import { defineConfig, type Options } from "tsup";

/**
 * One recipe for every package: ES modules and CommonJS in folders of their own, so that each folder's
 * `package.json` says what its `.js` files are. Declarations come from `tsc` (tsup can't make them with TypeScript 7).
 */
export function recipe(entry: Options["entry"], more: Options = {}): Options[] {
  const shared: Options = {
    entry: entry as string[],
    target: "es2022",
    platform: "neutral",
    splitting: true,
    sourcemap: true,
    clean: false,
    dts: false,
    silent: true,
    external: [/^#/, /^node:/, "node-datachannel"],
    ...more,
  };
  return [
    { ...shared, format: "esm", outDir: "dist/esm", outExtension: () => ({ js: ".js" }) },
    { ...shared, format: "cjs", outDir: "dist/cjs", outExtension: () => ({ js: ".js" }) },
  ];
}

export default defineConfig([]);
