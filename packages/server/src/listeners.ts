import type { Connection } from "./connection.js";
import type { ClientSocket } from "./socket.js";

/** What the server does with one whose socket is closed. */
type Forget = (connection: Connection, code: number) => void;

/**
 * Hears the sockets of all connections by the same five functions: five closures for each of some thousand idle connections would be
 * a tenth of what they cost.
 */
export class Listeners {
  readonly #connections = new Map<ClientSocket, Connection>();
  readonly #forget: Forget;
  readonly #message: (this: ClientSocket, data: Buffer, isBinary: boolean) => void;
  readonly #ping: (this: ClientSocket, data: Buffer) => void;
  readonly #pong: (this: ClientSocket) => void;
  readonly #error: (this: ClientSocket, error: Error & { readonly code?: string }) => void;
  readonly #close: (this: ClientSocket, code: number) => void;

  constructor(forget: Forget) {
    const connections = this.#connections;
    this.#forget = forget;
    this.#message = function (data, isBinary) {
      connections.get(this)?.handleMessage(data, isBinary);
    };
    this.#ping = function (data) {
      connections.get(this)?.handlePing(data);
    };
    this.#pong = function () {
      connections.get(this)?.handlePong();
    };
    this.#error = function (error) {
      connections.get(this)?.handleError(error);
    };
    const close = (socket: ClientSocket, code: number) => this.#closed(socket, code);
    this.#close = function (code) {
      close(this, code);
    };
  }

  get size(): number {
    return this.#connections.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#connections.values();
  }

  add(socket: ClientSocket, connection: Connection): void {
    this.#connections.set(socket, connection);
    socket.on("message", this.#message);
    socket.on("ping", this.#ping);
    socket.on("pong", this.#pong);
    socket.on("error", this.#error);
    socket.on("close", this.#close);
  }

  #closed(socket: ClientSocket, code: number): void {
    const connection = this.#connections.get(socket);
    this.#connections.delete(socket);
    if (connection !== undefined) this.#forget(connection, code);
  }
}
