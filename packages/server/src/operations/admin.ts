import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type PeerId, parsePeerId, SkeinError } from "@skein/protocol";
import { errorName, type ServerEvent } from "../events.js";
import type { Removal, RoomServer } from "../room-server.js";
import { createMetrics, type Metrics } from "./metrics.js";

/** Where operators ask, and what they must bring. */
export interface AdminOptions {
  /** What whoever asks must bring, as `Authorization: Bearer …`: 32 bytes or more. */
  readonly token: string;
  /** Default 7701. 0 takes any that is free. */
  readonly port?: number | undefined;
  /** Told of what operators do. */
  readonly log?: ((event: ServerEvent) => void) | undefined;
}

/** The operators' entrance to a server that runs. */
export interface Admin {
  readonly url: string;
  /** Stops listening, and ends what is being answered. */
  close(): Promise<void>;
}

/** This machine alone: there is no option for it. Who wants it from elsewhere has ssh. */
const host = "127.0.0.1";
const tokenLeastBytes = 32;
const bodyMostBytes = 4_096;

/**
 * Listens on this machine's loopback for operators: `GET /rooms`, `/peers?room=NAME`, `/stats`, `/metrics`, and `POST /kick`.
 * @throws {SkeinError} `bad-argument` for a token that is short, or a port in use.
 */
export async function createAdmin(rooms: RoomServer, options: AdminOptions): Promise<Admin> {
  if (Buffer.byteLength(options.token) < tokenLeastBytes) {
    throw new SkeinError(
      "bad-argument",
      `The operators' token has ${tokenLeastBytes} bytes or more: \`skein secret\` makes one.`,
    );
  }
  const metrics = createMetrics(() => rooms.stats());
  const expected = digest(`Bearer ${options.token}`);
  const log = options.log ?? (() => {});
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    void answer(request, response, { rooms, metrics, expected, log });
  });
  const port = await listen(server, options.port ?? 7701);
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface World {
  readonly rooms: RoomServer;
  readonly metrics: Metrics;
  readonly expected: Buffer;
  readonly log: (event: ServerEvent) => void;
}

async function answer(request: IncomingMessage, response: ServerResponse, world: World): Promise<void> {
  try {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ""), world.expected)) {
      response.setHeader("WWW-Authenticate", "Bearer");
      return sendJson(response, 401, { error: "This is for operators: bring the token." });
    }
    await route(request, response, world);
  } catch (error) {
    if (SkeinError.is(error, "bad-argument")) return sendJson(response, 400, { error: error.message });
    world.log({ type: "failed", what: "admin", error: errorName(error) });
    sendJson(response, 500, { error: "The server failed to answer this request." });
  }
}

async function route(request: IncomingMessage, response: ServerResponse, world: World): Promise<void> {
  const { rooms, metrics, log } = world;
  const url = new URL(request.url ?? "/", `http://${host}`);
  switch (`${request.method} ${url.pathname}`) {
    case "GET /rooms":
      return sendJson(response, 200, { rooms: rooms.rooms() });
    case "GET /peers":
      return sendJson(response, 200, { peers: rooms.peers(url.searchParams.get("room") ?? "") });
    case "GET /stats":
      return sendJson(response, 200, rooms.stats());
    case "GET /metrics":
      response.writeHead(200, { "Content-Type": metrics.contentType }).end(await metrics.text());
      return;
    case "POST /kick": {
      const removal = readRemoval(await readBody(request));
      const removed = rooms.remove(removal);
      log({ type: "removed", peer: removal.peer, places: removed });
      return sendJson(response, 200, { removed });
    }
    default:
      return sendJson(response, 404, { error: "There is nothing here." });
  }
}

/** Compared in a time that says nothing of where they differ, nor of how long the token is. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMostBytes) throw new SkeinError("bad-argument", "This is more than a removal can hold.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readRemoval(text: string): Removal {
  const { peer, room, forMs = 0 } = parseObject(text);
  const isRoom = room === undefined || typeof room === "string";
  if (typeof peer === "string" && isRoom && typeof forMs === "number") return { peer: peerId(peer), room, forMs };
  throw new SkeinError(
    "bad-argument",
    'A removal looks like {"peer":"…","room":"lab","forMs":60000}; the peer is a must.',
  );
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}

function peerId(text: string): PeerId {
  try {
    return parsePeerId(text);
  } catch {
    throw new SkeinError("bad-argument", "This is no peer's id: those have 43 characters.");
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const sentence = `The operators' port ${port} of ${host} can't be listened on: is it in use?`;
      reject(new SkeinError("bad-argument", sentence, { cause }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
