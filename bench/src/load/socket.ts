import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Socket } from "node:net";
import { clientFrame, FrameReader, opcode } from "./frames.ts";

/** What a load's connection does with what it gets. */
export interface LoadSocketListener {
  receive(payload: Buffer): void;
  /** The connection is gone, though nobody here ended it. */
  lost(reason: string): void;
}

/** What is answered at once, whoever listens: a question whether we are still there. */
type Reflex = (payload: Buffer) => Buffer | undefined;

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
  #listener: LoadSocketListener = { receive: () => {}, lost: () => {} };

  private constructor(socket: Socket, reflex: Reflex) {
    this.#socket = socket;
    this.#reflex = reflex;
    this.#reader = new FrameReader((kind, payload) => this.#handle(kind, payload));
    socket.setNoDelay();
    socket.on("error", (error) => this.#listener.lost(error.message));
    socket.on("close", () => this.#listener.lost("the server closed the connection"));
  }

  /** Opens one. Nothing is read before {@link LoadSocket.listen}. */
  static open(url: string, protocols: readonly string[] = [], reflex: Reflex = () => undefined): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const upgrade = request(url.replace(/^ws/, "http"), {
        headers: {
          Connection: "Upgrade",
          Upgrade: "websocket",
          "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
          ...(LoadSocket.forwardedFor === undefined ? {} : { "X-Forwarded-For": LoadSocket.forwardedFor }),
          ...(protocols.length === 0 ? {} : { "Sec-WebSocket-Protocol": protocols.join(", ") }),
        },
      });
      upgrade.on("upgrade", (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(new LoadSocket(socket as Socket, reflex));
      });
      upgrade.on("response", ({ statusCode }) =>
        reject(new Error(`The server answered a WebSocket with ${statusCode}.`)),
      );
      upgrade.on("error", reject);
      upgrade.end();
    });
  }

  listen(listener: LoadSocketListener): void {
    this.#listener = listener;
    if (this.#socket.listenerCount("data") === 0) this.#socket.on("data", (chunk: Buffer) => this.#reader.push(chunk));
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

  #handle(kind: number, payload: Buffer): void {
    if (kind === opcode.text || kind === opcode.binary) {
      const answer = this.#reflex(payload);
      if (answer === undefined) this.#listener.receive(payload);
      else this.write(answer);
    } else if (kind === opcode.ping) this.write(clientFrame(opcode.pong, payload));
  }
}
