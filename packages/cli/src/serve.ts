import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer as createProbe } from "node:net";
import { createSecureContext } from "node:tls";
import { type IceServer, SkeinError } from "@skein/protocol";
import { type Backplane, createServer, type ServerEvent, type SkeinServer } from "@skein/server";
import sirv from "sirv";
import * as v from "valibot";
import { iceUrl } from "./commands/options.js";
import { pageFolder } from "./page-folder.js";
import { keepHeapSmall } from "./process/small-heap.js";
import { aborted, listenForStop } from "./process/stop.js";
import { authorisationOf } from "./serve/authorisation.js";
import { backplaneOf } from "./serve/backplane.js";
import { limitsOf } from "./serve/limits.js";
import { isLoopback, placeOf, type ServeOptions } from "./serve/options.js";
import { readText } from "./serve/secret-file.js";
import { type ServedTurn, turnOf } from "./serve/turn.js";
import { statsText } from "./serve-stats.js";
import { failure } from "./stdio/envelope.js";
import { createEventWriter, type EventWriter } from "./stdio/event-writer.js";
import { createInk } from "./terminal/ink.js";

/** Well known, free, and asked for nothing but an address. */
const publicStun = "stun:stun.l.google.com:19302";
/** How many ports after the first are tried. */
const nextPorts = 20;

/** Runs a server until the process is told to stop. */
export async function serve(options: ServeOptions): Promise<void> {
  keepHeapSmall();
  using stop = listenForStop();
  const events = createEventWriter(process.stdout, () => {});
  const tell = (sentence: string): void => {
    process.stderr.write(`skein: ${sentence}\n`);
  };
  const { server, turn, admin } = await open(options, tell).catch((error: unknown) => {
    if (options.json) events.write(failure(undefined, error));
    throw error;
  });
  const { path, host } = placeOf(options);
  const page = options.page ? `${server.url.replace(/^ws/, "http").slice(0, -path.length)}/` : undefined;
  if (options.json)
    events.write({ event: "listening", url: server.url, port: server.port, ...(page === undefined ? {} : { page }) });
  else announce(server.url, page, host, turn.stun);
  if (turn.warning !== undefined) tell(turn.warning);
  const stopTelling = tellStats(server, options, events);
  await aborted(stop.signal);
  stopTelling();
  // First of all: whoever takes this server's place may listen there by now.
  await admin?.close();
  if (options.drain !== undefined) await server.drain(options.drain * 1_000);
  await server.close();
  await turn.close();
  if (options.json) events.write({ event: "stopped" });
}

/** All that runs for a server. */
interface Opened {
  readonly server: SkeinServer;
  readonly turn: ServedTurn;
  readonly admin: { readonly close: () => Promise<void> } | undefined;
}

/** Starts all of it, or none. */
async function open(options: ServeOptions, tell: (sentence: string) => void): Promise<Opened> {
  let turn: ServedTurn | undefined;
  let backplane: Backplane | undefined;
  let server: SkeinServer | undefined;
  try {
    // What can't be read is told before anybody is let in.
    const operators = operatorsOf(options);
    const log = await logOf(options);
    turn = await turnOf(options, tell);
    backplane = await backplaneOf(options);
    server = await start(options, turn, backplane, log);
    return { server, turn, admin: await adminOf(server, operators, log) };
  } catch (error) {
    await server?.close();
    await turn?.close();
    await backplane?.close();
    throw error;
  }
}

async function logOf({ log: level }: ServeOptions): Promise<((event: ServerEvent) => void) | undefined> {
  if (level === undefined) return undefined;
  const { createLog } = await import("@skein/server/operations");
  return createLog({ level, destination: process.stderr });
}

/** Where operators ask, and what they bring. */
interface Operators {
  readonly port: number | undefined;
  readonly token: string;
}

function operatorsOf({ adminPort: port, adminToken: file }: ServeOptions): Operators | undefined {
  if (file !== undefined) return { port, token: readText(file, "The operators' token (admin-token)") };
  if (port === undefined) return undefined;
  throw new SkeinError("bad-argument", "--admin-port needs --admin-token: whoever asks there must bring a token.");
}

async function adminOf(
  server: SkeinServer,
  operators: Operators | undefined,
  log: ((event: ServerEvent) => void) | undefined,
) {
  if (operators === undefined) return undefined;
  const { createAdmin } = await import("@skein/server/operations");
  return createAdmin(server.rooms, { ...operators, log });
}

/** Tells statistics every so often, and a last time when it is stopped. */
function tellStats(server: SkeinServer, { stats: seconds, json }: ServeOptions, events: EventWriter): () => void {
  if (seconds === undefined) return () => {};
  const tell = (): void => {
    if (json) events.write({ event: "stats", ...server.stats() });
    else process.stdout.write(`${statsText(server.stats())}\n`);
  };
  const timer = setInterval(tell, seconds * 1_000);
  return () => {
    clearInterval(timer);
    tell();
  };
}

async function start(
  options: ServeOptions,
  { turn, stun }: ServedTurn,
  backplane: Backplane | undefined,
  log: ((event: ServerEvent) => void) | undefined,
): Promise<SkeinServer> {
  const { port: wanted, host, path } = placeOf(options);
  const settled = {
    host,
    path,
    log,
    handleRequest: options.page ? pageHandler() : undefined,
    iceServers: stun.length > 0 ? [...stun, ...namedIceServers(options)] : iceServersOf(options, host),
    turn,
    tls: tlsOf(options),
    trustedHops: options.trustedHops,
    authorise: await authorisationOf(options),
    limits: limitsOf(options),
    graceMs: millisecondsOf(options.grace),
    joinTimeoutMs: millisecondsOf(options.joinTimeout),
    backplane: backplane === undefined ? undefined : { backplane },
  };
  const first = wanted === 0 ? await freePort(host) : wanted;
  const last = options.orNext || wanted === 0 ? Math.min(first + nextPorts, 65_535) : first;
  for (let port = first; ; port++) {
    try {
      return await createServer({ ...settled, port, allowOrigins: originsOf(options, host, port) });
    } catch (error) {
      if (port >= last || !isPortInUse(error)) throw error;
    }
  }
}

function millisecondsOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

function tlsOf({ tlsCert, tlsKey }: ServeOptions): { readonly cert: string; readonly key: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new SkeinError("bad-argument", "--tls-cert and --tls-key belong together: give both.");
  }
  const cert = readText(tlsCert, "The certificate (tls-cert)");
  const key = readText(tlsKey, "The certificate's key (tls-key)");
  mustBelongTogether({ cert, key }, `${tlsCert} and ${tlsKey}`);
  return { cert, key };
}

function mustBelongTogether(pair: { readonly cert: string; readonly key: string }, files: string): void {
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new SkeinError(
      "bad-argument",
      `"tls-cert" and "tls-key", ${files}: give a certificate and its own private key, both as PEM.`,
      { cause },
    );
  }
}

/** The origins of a server's own pages hold its port, so the port must be known before it listens. */
function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createProbe();
    probe.once("error", (cause) =>
      reject(new SkeinError("bad-argument", `The server can't listen on ${host}: choose another address.`, { cause })),
    );
    probe.listen(0, host, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function isPortInUse(error: unknown): boolean {
  const cause = SkeinError.is(error) ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
}

function originsOf({ allowOrigin, tlsCert }: ServeOptions, host: string, port: number): readonly string[] | undefined {
  return allowOrigin?.flatMap((origin) => {
    if (origin !== "self") return [origin];
    const names =
      isLoopback(host) || host === "0.0.0.0" || host === "::" ? ["127.0.0.1", "localhost", "[::1]"] : [host];
    return names.map((name) => `http${tlsCert === undefined ? "" : "s"}://${name}:${port}`);
  });
}

function iceServersOf(options: ServeOptions, host: string): IceServer[] {
  const isNamed = options.ice !== undefined || options.iceFile !== undefined;
  return isNamed || isLoopback(host) ? namedIceServers(options) : [{ urls: [publicStun] }];
}

function namedIceServers({ ice = [], iceFile }: ServeOptions): IceServer[] {
  const fromFile = iceFile === undefined ? [] : readIceFile(iceFile);
  return [...ice.map((url) => ({ urls: [url] })), ...fromFile];
}

const iceFileSchema = v.array(
  v.object({
    urls: v.array(v.pipe(v.string(), v.regex(iceUrl))),
    username: v.optional(v.string()),
    credential: v.optional(v.string()),
  }),
);

function readIceFile(file: string): IceServer[] {
  try {
    return v.parse(iceFileSchema, JSON.parse(readFileSync(file, "utf8"))) as IceServer[];
  } catch (cause) {
    throw new SkeinError(
      "bad-argument",
      `${file} can't be used: it must be JSON like [{"urls":["turn:example.org:3478"],"username":"…","credential":"…"}].`,
      { cause },
    );
  }
}

/** Nothing from elsewhere, nothing inline. */
const pageHeaders = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

function pageHandler(): (request: IncomingMessage, response: ServerResponse) => void {
  if (!existsSync(pageFolder)) {
    throw new SkeinError("bad-argument", "This build has no web page: build the package again, or leave --page out.");
  }
  const files = sirv(pageFolder, { etag: true });
  return (request, response) => {
    for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
    files(request, response, () => {
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("There is nothing here.\n");
    });
  };
}

function announce(url: string, page: string | undefined, host: string, stun: readonly IceServer[]): void {
  const ink = createInk(process.stdout);
  const lines = [`${ink("bold", "skein")} serves at ${ink("cyan", url)}`];
  if (page !== undefined) lines.push(`its page is at ${ink("cyan", page)}`);
  for (const { urls } of stun) lines.push(`STUN and TURN are at ${ink("cyan", urls.join().replace("stun:", ""))}`);
  if (!isLoopback(host))
    lines.push(`Others reach it by this machine's own name or address instead of ${new URL(url).hostname}.`);
  lines.push(ink("dim", `Talk to someone: skein join lab --server ${url}, in two terminals. Ctrl-C stops it.`));
  process.stdout.write(`${lines.join("\n")}\n`);
}
