import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { clientFrame, FrameReader, opcode } from "./frames.ts";

/** What a load's connection does with what it gets. */
export interface LoadSocketListener {
  receive(payload: Buffer): void;
  /** The connection is gone, though nobody here ended it. */
  lost(reason: string): void;
}

/** What is answered at once, whoever listens: a question whether we are still there. */
type Reflex = (payload: Buffer) => Buffer | undefined;

/** All sockets are read into this, one after another: a buffer for each read would be a good part of what a load costs. */
const readInto = Buffer.alloc(64 * 1024);

/**
 * A WebSocket with as little in it as a load generator needs: it must cost much less than the server it measures. The
 * `ws` package's own client costs as much as a server does, and would be what is measured.
 */
export class LoadSocket {
  /** Whom a proxy in front would say that this process's connections come from. */
  static forwardedFor: string | undefined;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #reflex: Reflex;
  #listener: LoadSocketListener | undefined;
  /** What came before anyone listened. */
  #early: Buffer[] = [];

  private constructor(socket: Socket, reflex: Reflex) {
    this.#socket = socket;
    this.#reflex = reflex;
    this.#reader = new FrameReader((kind, payload) => this.#handle(kind, payload));
    socket.on("error", (error) => this.#listener?.lost(error.message));
    socket.on("close", () => this.#listener?.lost("the server closed the connection"));
  }

  /** Opens one. */
  static open(url: string, protocols: readonly string[] = [], reflex: Reflex = () => undefined): Promise<LoadSocket> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      let take = (bytes: Buffer): void => {
        answer = Buffer.concat([answer, bytes]);
        const end = answer.indexOf(headEnd);
        if (end === -1) return;
        const status = answer.toString("latin1", "HTTP/1.1 ".length, "HTTP/1.1 101".length);
        if (status !== "101") {
          socket.destroy();
          return reject(new Error(`The server answered a WebSocket with ${status}.`));
        }
        const opened = new LoadSocket(socket, reflex);
        socket.off("error", reject);
        take = (more) => opened.#take(more);
        take(answer.subarray(end + headEnd.length));
        resolve(opened);
      };
      let answer: Buffer = Buffer.alloc(0);
      const onread = {
        buffer: readInto,
        callback: (count: number) => {
          // What is kept of it must not be written over.
          take(Buffer.from(readInto.subarray(0, count)));
          return true;
        },
      };
      const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
      socket.on("error", reject);
      socket.once("connect", () => socket.write(requestFor(new URL(url), protocols)));
    });
  }

  listen(listener: LoadSocketListener): void {
    this.#listener = listener;
    for (const bytes of this.#early.splice(0)) this.#take(bytes);
  }

  /** Sends frames that are ready to go. */
  write(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** Resolves when what was written has gone out: whoever writes more than is read must wait. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        resolve();
      };
      this.#socket.on("drain", done);
      this.#socket.on("close", done);
    });
  }

  close(): void {
    this.#listener = { receive: () => {}, lost: () => {} };
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#listener === undefined) this.#early.push(bytes);
    else this.#reader.push(bytes);
  }

  #handle(kind: number, payload: Buffer): void {
    if (kind === opcode.text || kind === opcode.binary) {
      const answer = this.#reflex(payload);
      if (answer === undefined) this.#listener?.receive(payload);
      else this.write(answer);
    } else if (kind === opcode.ping) this.write(clientFrame(opcode.pong, payload));
  }
}

const headEnd = "\r\n\r\n";

function requestFor({ pathname, search, host }: URL, protocols: readonly string[]): string {
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ...(LoadSocket.forwardedFor === undefined ? [] : [`X-Forwarded-For: ${LoadSocket.forwardedFor}`]),
    ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]),
  ];
  return lines.join("\r\n") + headEnd;
}
