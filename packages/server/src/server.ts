import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { SkeinError, webSocketProtocol } from "@skein/protocol";
import { WebSocketServer } from "ws";
import { addressOf } from "./address.js";
import { comeBackMs, type Turned } from "./commons.js";
import { Entrance, type Newcomer } from "./entrance.js";
import { errorName } from "./events.js";
import { createRequestHandler, refuseUpgrade, sendRefusal, type UpgradeRefusal } from "./http.js";
import { type ServerOptions, type Settings, settle } from "./options.js";
import { farewellMs, RoomServer } from "./room-server.js";
import type { ServerStats } from "./stats.js";
import { Tarpit } from "./tarpit.js";

/** A server that runs. */
export interface SkeinServer {
  /** What clients connect to: `ws://127.0.0.1:7700/skein`. */
  readonly url: string;
  readonly port: number;
  /** Who is connected, for operators. */
  readonly rooms: RoomServer;
  /** What it holds and did, in figures. */
  stats(): ServerStats;
  /**
   * Stops without a link being lost: listens no more, so that another may take the port, and has the clients go there one after
   * another over `spreadMs`. Resolves when they have gone; `close` comes after.
   */
  drain(spreadMs: number): Promise<void>;
  /** Stops: nobody new, a word to everyone, and nothing left that keeps the process alive. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server: rooms in which peers find each other, and forwarding of envelopes that it can't read.
 *
 * @throws {SkeinError} `bad-argument` for an option that can't be used; so it is where the port is in use.
 * @example
 * const server = await createServer({ port: 0 });
 * const room = await joinRoom({ server: server.url, room: "lab", protocols: [chat] });
 */
export async function createServer(options: ServerOptions = {}): Promise<SkeinServer> {
  const settings = settle(options);
  const server = new RunningServer(settings);
  await server.listen();
  return server;
}

/** Sockets that aren't WebSockets (yet): pages, health checks, requests to be refused. */
const otherSockets = 1_024;

const webSocketOptions = {
  clientTracking: false,
  // Envelopes are ciphertext: they don't shrink.
  perMessageDeflate: false,
  // Pings are counted, and answered, with the control messages.
  autoPong: false,
  handleProtocols: () => webSocketProtocol,
  // The library's types don't know the next three, its documentation does. A packet comes in few pieces; whoever sends it
  // byte by byte costs more memory than it has bytes.
  maxFragments: 128,
  maxBufferedChunks: 4096,
  closeTimeout: farewellMs,
};

/** Rooms behind an HTTP server of their own. */
class RunningServer implements SkeinServer {
  readonly #settings: Settings;
  readonly #http: Server | HttpsServer;
  readonly #webSockets: WebSocketServer;
  readonly #rooms: RoomServer;
  readonly #tarpit: Tarpit;
  #port = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    const { limits, tls } = settings;
    const rooms = new RoomServer(settings);
    this.#rooms = rooms;
    this.#tarpit = new Tarpit(settings.clock);
    const answer = createRequestHandler(
      settings,
      () => rooms.health,
      () => rooms.readiness,
      (event) => rooms.log(event),
    );
    const timeouts = timeoutsOf(settings.joinTimeoutMs);
    this.#http = tls === undefined ? createHttpServer(timeouts, answer) : createSecureServer(tls, timeouts, answer);
    this.#http.maxConnections = limits.connections + otherSockets;
    const entrance = new Entrance((newcomer) => this.#upgrade(newcomer));
    this.#http.on("upgrade", (request, socket, head) => entrance.add({ request, socket, head }));
    this.#webSockets = new WebSocketServer({ ...webSocketOptions, noServer: true, maxPayload: limits.packetBytes });
  }

  /** Known once it listens. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { host, path, tls } = this.#settings;
    return `${tls === undefined ? "ws" : "wss"}://${reachable(host)}:${this.#port}${path}`;
  }

  listen(): Promise<void> {
    const { host, port } = this.#settings;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(listenError(error, host, port));
      this.#http.once("error", fail);
      this.#http.listen(port, host, () => {
        this.#http.off("error", fail);
        // From now on an error is a socket that couldn't be accepted: the next one may be.
        this.#http.on("error", (error) => this.#rooms.log({ type: "failed", what: "accept", error: errorName(error) }));
        this.#port = (this.#http.address() as AddressInfo).port;
        this.#rooms.log({ type: "listening", port: this.#port });
        this.#rooms.open();
        resolve();
      });
    });
  }

  get rooms(): RoomServer {
    return this.#rooms;
  }

  async drain(spreadMs: number): Promise<void> {
    this.#http.close();
    await this.#rooms.drain(spreadMs);
  }

  stats(): ServerStats {
    return this.#rooms.stats();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const stopped = this.#http.listening
      ? new Promise<void>((resolve) => this.#http.close(() => resolve()))
      : Promise.resolve();
    this.#http.closeIdleConnections();
    this.#tarpit.release();
    await this.#rooms.close();
    this.#http.closeAllConnections();
    this.#webSockets.close();
    await stopped;
    this.#rooms.log({ type: "closed" });
  }

  #upgrade({ request, socket, head }: Newcomer): void {
    const refusal = this.#refuse(request);
    if (refusal !== undefined) {
      this.#tellOf(refusal);
      return sendRefusal(socket, refusal);
    }
    const address = addressOf(request, this.#settings.trustedHops);
    const turned = this.#rooms.arriveFrom(address);
    if (turned !== undefined) return this.#turnAwayLater(socket, refusalOf(turned));
    // The answer and the challenge go out together: a system call each would be a good part of what a newcomer costs.
    socket.cork();
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#rooms.accept(webSocket, socket, address),
    );
    socket.uncork();
  }

  #turnAwayLater(socket: Duplex, refusal: UpgradeRefusal): void {
    this.#tellOf(refusal);
    this.#tarpit.hold(socket, () => sendRefusal(socket, refusal));
  }

  #tellOf({ status }: UpgradeRefusal): void {
    this.#rooms.refused();
    this.#rooms.log({ type: "not-upgraded", status });
  }

  #refuse(request: IncomingMessage): UpgradeRefusal | undefined {
    if (!this.#rooms.isOpen) return { status: 503, sentence: "The server stops.", retryAfterMs: comeBackMs };
    return refuseUpgrade(request, this.#settings, this.#rooms.connections);
  }
}

/** RFC 6585 §4: too many from one address. */
function refusalOf({ why, retryAfterMs }: Turned): UpgradeRefusal {
  const what = why === "too-many" ? "There are too many connections" : "Too many connections come in a short time";
  return { status: 429, sentence: `${what} from this address: try again later.`, retryAfterMs };
}

/** Whoever takes longer to say what it wants than to join keeps a socket from others. Looked at more often than it takes. */
function timeoutsOf(ms: number) {
  return { headersTimeout: ms, requestTimeout: ms, connectionsCheckingInterval: Math.min(ms, 5_000) };
}

function createSecureServer(
  { key, cert }: NonNullable<Settings["tls"]>,
  timeouts: ReturnType<typeof timeoutsOf>,
  answer: Parameters<typeof createHttpsServer>[1],
): HttpsServer {
  const handshake = { handshakeTimeout: timeouts.headersTimeout, minVersion: "TLSv1.2" } as const;
  try {
    return createHttpsServer({ ...timeouts, ...handshake, key: pem(key), cert: pem(cert) }, answer);
  } catch (cause) {
    throw new SkeinError(
      "bad-argument",
      "tls can't be used: give a certificate and its own private key, both as PEM.",
      { cause },
    );
  }
}

function pem(text: string | Uint8Array): string | Buffer {
  return typeof text === "string" ? text : Buffer.from(text);
}

/** An address that stands for all of the machine's is none that can be connected to. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function listenError(cause: Error & { readonly code?: string }, host: string, port: number): SkeinError {
  return new SkeinError("bad-argument", listenProblem(cause.code, host, port), { cause });
}

function listenProblem(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} of ${host} is in use: stop what uses it, or choose another port (0 takes any that is free).`;
    case "EACCES":
      return `Port ${port} of ${host} needs more rights than this process has: choose one above 1023.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `"${host}" is no address of this machine: use 127.0.0.1, 0.0.0.0 or one of its own.`;
    default:
      return `The server can't listen on port ${port} of ${host} (${code ?? "no reason given"}): choose another port or address.`;
  }
}
