// Bundles the peer and the server of what is built, so that later releases can be held against them: one file each, which needs
// nothing but the native addon.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

/** @param folder where to, with a slash at its end. */
export async function freeze(folder, version) {
  await build({
    absWorkingDir: here,
    entryPoints: ["peer.js", "server.js"],
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    minify: true,
    format: "cjs",
    platform: "node",
    target: "node22",
    external: ["node-datachannel", "bufferutil", "utf-8-validate"],
    legalComments: "eof",
    logLevel: "warning",
    tsconfigRaw: {},
  });
  writeFileSync(`${folder}/version.json`, `${JSON.stringify({ version })}\n`);
}
