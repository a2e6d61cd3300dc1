// Builds the demo's web page: dist/page/ holds all that a server has to hand out.
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src/page");
const target = join(root, "dist/page");

await mkdir(target, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: [join(source, "page.ts"), join(source, "style.css")],
  outdir: target,
  bundle: true,
  // The workspace's tsconfig.json leads to sources, and to Node's engine; the page is made of what is published.
  tsconfigRaw: {},
  platform: "browser",
  conditions: ["browser"],
  format: "esm",
  target: ["chrome120", "firefox121", "safari17"],
  minify: true,
  sourcemap: true,
  logLevel: "warning",
});
await copyFile(join(source, "index.html"), join(target, "index.html"));
