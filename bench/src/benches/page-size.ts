import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { type Bench, type Contestant, median } from "../bench.ts";

type Quantity = "kilobytes";

/** What a page pays for all that some modules export. */
function pageSizeBench(name: string, modules: readonly string[], limitKb: number): Bench<Quantity> {
  return {
    name,
    // The same each time.
    rounds: { full: 1, quick: 1 },
    warmUps: 0,
    timeoutMs: 30_000,
    rows: [
      {
        name,
        about: `${modules.join(" and ")} with all they import, bundled for browsers, minified and gzipped (KB of 1,000 bytes).`,
        unit: "KB",
        better: "lower",
        quantity: "kilobytes",
        statistic: median,
        marks: [{ of: "ours", limit: limitKb }],
      },
    ],
    async start() {
      return {
        ours: sizeOf(modules),
        // Of simple-peer, what its makers bundled: by itself it asks for modules of Node.
        peers: { "simple-peer": sizeOf(["simple-peer/simplepeer.min.js"]), PeerJS: sizeOf(["peerjs"]) },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

export const pageSize = pageSizeBench("page-size", ["@skein/client"], 36);

function sizeOf(modules: readonly string[]): Contestant<Quantity> {
  return {
    async sample() {
      const { outputFiles } = await build({
        stdin: {
          // As namespaces, which keep what CommonJS exports too.
          contents: modules.map((name, index) => `export * as part${index} from "${name}";`).join("\n"),
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
