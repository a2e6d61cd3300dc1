import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { webSocketProtocol } from "@skein/protocol";
import { comeBackMs } from "./commons.js";
import { errorName, type ServerEvent } from "./events.js";
import type { Settings } from "./options.js";

/** What a request for a WebSocket is answered that gets none. */
export interface UpgradeRefusal {
  readonly status: 400 | 403 | 404 | 429 | 503;
  readonly sentence: string;
  /** Milliseconds. */
  readonly retryAfterMs?: number;
}

const statusText = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  503: "Service Unavailable",
} as const;

/** Looks at a request for a WebSocket before anything is kept for it. */
export function refuseUpgrade(
  request: IncomingMessage,
  { path, allowOrigins, limits }: Settings,
  connections: number,
): UpgradeRefusal | undefined {
  if (hasTokenInAddress(request)) {
    return { status: 400, sentence: "A token doesn't belong into an address, which logs keep: send it with the join." };
  }
  if (pathOf(request) !== path) return { status: 404, sentence: `There is no WebSocket here: it is at ${path}.` };
  const { origin } = request.headers;
  if (allowOrigins !== undefined && origin !== undefined && !allowOrigins.has(origin)) {
    return { status: 403, sentence: "Pages of this origin may not connect to this server." };
  }
  if (!offers(request, webSocketProtocol)) {
    return {
      status: 400,
      sentence: `This server speaks the WebSocket subprotocol "${webSocketProtocol}" alone: ask for it.`,
    };
  }
  if (connections >= limits.connections)
    return { status: 503, sentence: "The server is full: try again later.", retryAfterMs: comeBackMs };
  return undefined;
}

/** Answers a request for a WebSocket over the bare socket, and ends it. */
export function sendRefusal(socket: Duplex, { status, sentence, retryAfterMs }: UpgradeRefusal): void {
  // The client may be gone already; nobody is left to tell.
  socket.on("error", () => {});
  const body = `${sentence}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${statusText[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `${retryAfterMs === undefined ? "" : `Retry-After: ${Math.ceil(retryAfterMs / 1000)}\r\n`}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** What the server tells of its health. */
export interface Health {
  readonly rooms: number;
  readonly peers: number;
}

/** Whether newcomers are taken. */
export interface Readiness {
  readonly ok: boolean;
  /** Of a server that is one of several nodes. */
  readonly backplane?: "there" | "away";
}

/** Answers HTTP requests: the server's own addresses first, then the app's handler. */
export function createRequestHandler(
  settings: Settings,
  health: () => Health,
  ready: () => Readiness,
  log: (event: ServerEvent) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = pathOf(request);
    if (path === "/healthz") return sendJson(response, { ok: true, ...health() });
    if (path === "/readyz") {
      const now = ready();
      return sendJson(response, now, now.ok ? 200 : 503);
    }
    if (path === settings.path) {
      response.setHeader("Upgrade", "websocket");
      return sendText(response, 426, `This is the address of a Skein server: connect to it with a WebSocket.`);
    }
    const { handleRequest } = settings;
    if (handleRequest === undefined) return sendText(response, 404, "There is nothing here.");
    const failed = (error: unknown) => {
      log({ type: "failed", what: "handleRequest", error: errorName(error) });
      if (response.headersSent) response.destroy();
      else sendText(response, 500, "The server failed to answer this request.");
    };
    void (async () => handleRequest(request, response))().catch(failed);
  };
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendText(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}

function offers(request: IncomingMessage, protocol: string): boolean {
  const offered = request.headers["sec-websocket-protocol"] ?? "";
  return offered.split(",").some((word) => word.trim() === protocol);
}

function hasTokenInAddress(request: IncomingMessage): boolean {
  const [, query = ""] = (request.url ?? "").split("?", 2);
  return /(?:^|&)(?:access_)?(?:token|jwt)=/i.test(query);
}
