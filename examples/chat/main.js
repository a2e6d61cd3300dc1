// Bundles the page, and serves it from the port on which its server is: one origin, one command.
import { readFile } from "node:fs/promises";
import { createServer } from "@skein/server";
import { build } from "esbuild";

const here = (name) => new URL(name, import.meta.url);

const { outputFiles } = await build({
  entryPoints: [here("page.js").pathname],
  bundle: true,
  format: "esm",
  target: "es2022",
  write: false,
  // The packages as they are installed, whatever a tsconfig around this folder says.
  tsconfigRaw: {},
});
const files = new Map([
  ["/", ["text/html; charset=utf-8", await readFile(here("index.html"))]],
  ["/page.js", ["text/javascript; charset=utf-8", outputFiles[0].contents]],
]);

function answer(request, response) {
  const [type, content] = files.get(new URL(request.url, "http://page").pathname) ?? [];
  if (content === undefined) return response.writeHead(404).end();
  response.writeHead(200, {
    "content-type": type,
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; connect-src 'self' ws:",
  });
  response.end(content);
}

const server = await createServer({ port: Number(process.env.PORT ?? 7700), handleRequest: answer });
console.log(`Open http://127.0.0.1:${server.port}/ in two browsers, or in two tabs.`);

process.once("SIGINT", () => server.close());
process.once("SIGTERM", () => server.close());
