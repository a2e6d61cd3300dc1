import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { type Bench, type Contestant, median } from "../bench.ts";

type Quantity = "kilobytes";

/** What a page pays for all that some packages export. */
function pageSizeBench(name: string, packages: readonly string[], limitKb: number): Bench<Quantity> {
  return {
    name,
    // The same each time.
    rounds: { full: 1, quick: 1 },
    warmUps: 0,
    timeoutMs: 30_000,
    rows: [
      {
        name,
        about: `${packages.join(" and ")} with all they import, bundled for browsers, minified and gzipped (KB of 1,000 bytes).`,
        unit: "KB",
        better: "lower",
        quantity: "kilobytes",
        statistic: median,
        marks: [{ of: "ours", limit: limitKb }],
      },
    ],
    async start() {
      return {
        ours: sizeOf(packages.map((module) => `export * from "${module}";`)),
        peers: {
          // As its makers bundled it: by itself it asks for modules of Node.
          "simple-peer": sizeOf(['export { default } from "simple-peer/simplepeer.min.js";']),
          PeerJS: sizeOf(['export { Peer } from "peerjs";']),
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

export const pageSize = pageSizeBench("page-size", ["@skein/client"], 36);
export const pageSizeRelay = pageSizeBench("page-size-relay", ["@skein/client", "@skein/relay-fallback"], 40);

function sizeOf(exports: readonly string[]): Contestant<Quantity> {
  return {
    async sample() {
      const { outputFiles } = await build({
        stdin: {
          contents: exports.join("\n"),
          resolveDir: fileURLToPath(new URL(".", import.meta.url)),
        },
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
      return { kilobytes: gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length / 1_000 };
    },
  };
}
