import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, request } from "node:https";
import { basename, join } from "node:path";
import { pebblePort, registry, standIns } from "./addresses.ts";
import type { Published } from "./archives.ts";

// A process that stands in for what a trial can't reach: Node's makers, a registry that has Skein, Let's Encrypt (before pebble).

/** What it is started with, as JSON. */
export interface StandIns {
  readonly packages: readonly Published[];
  readonly nodeFolder: string;
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const told = JSON.parse(process.argv[2] as string) as StandIns;
createServer(answerAsRegistry(told)).listen(Number(new URL(registry).port), standIns);
const tls = { cert: readFileSync(told.certificate), key: readFileSync(told.key) };
const [asNode, asAuthority] = [answerAsNode(told), passOnToPebble(told)];
createTlsServer(tls, (asked, response) => {
  (asked.headers.host === "nodejs.org" ? asNode : asAuthority)(asked, response);
}).listen(443, standIns, () => console.log("ready"));

function answerAsRegistry({ packages }: StandIns): Answer {
  return (asked, response) => {
    const path = decodeURIComponent(asked.url ?? "").slice(1);
    const tarball = packages.find((one) => `-/${basename(one.tarball)}` === path)?.tarball;
    if (tarball !== undefined) return sendFile(response, tarball);
    const found = packages.find(({ name }) => name === path);
    if (found === undefined) return notFound(response);
    const { tarball: file, integrity, ...manifest } = found;
    const dist = { tarball: `${registry}/-/${basename(file)}`, integrity };
    const versions = { [found.version]: { ...manifest, dist } };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ name: path, "dist-tags": { latest: found.version }, versions }));
  };
}

function answerAsNode({ nodeFolder }: StandIns): Answer {
  return (asked, response) => sendFile(response, join(nodeFolder, basename(asked.url ?? "")));
}

/** pebble makes its addresses of the host that it is asked for; its directory alone has another name. */
function passOnToPebble({ authority }: StandIns): Answer {
  const ca = readFileSync(authority);
  return (asked, response) => {
    const path = asked.url === "/directory" ? "/dir" : asked.url;
    const { method, headers } = asked;
    const options = {
      host: standIns,
      port: pebblePort,
      servername: headers.host?.split(":")[0],
      ca,
      method,
      path,
      headers,
    };
    const passed = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.writeHead(502).end());
    asked.pipe(passed);
  };
}

function sendFile(response: ServerResponse, file: string): void {
  if (!existsSync(file)) return notFound(response);
  createReadStream(file).pipe(response);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404).end();
}
