import { SkeinError, webSocketProtocol } from "@skein/protocol";

/** What makes a WebSocket. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocket;

/** An address, and its place in the list of all. */
export interface DialledAddress {
  readonly number: number;
  readonly url: string;
}

export interface DialListener {
  /** This one spoke first, and said this: the connection is its. The socket's own handlers are the listener's from now on. */
  answered(socket: WebSocket, address: DialledAddress, data: unknown): void;
  /** None of them answered. */
  failed(reason: string): void;
}

/** One attempt to reach a server, at one address or at several at once: the first that says anything is it, and the others are let go. */
export class Dial {
  readonly #WebSocket: WebSocketConstructor;
  readonly #listener: DialListener;
  /** Those that may still answer. */
  readonly #sockets = new Map<WebSocket, DialledAddress>();
  #state: "dialling" | "over" = "dialling";

  constructor(WebSocket: WebSocketConstructor, listener: DialListener) {
    this.#WebSocket = WebSocket;
    this.#listener = listener;
  }

  start(addresses: readonly DialledAddress[]): void {
    let refusal = "no connection";
    for (const address of addresses) {
      try {
        this.#open(address);
      } catch (error) {
        refusal = SkeinError.from(error, "server-unreachable").message;
      }
    }
    this.#failIfNoneIsLeft(refusal);
  }

  /** Lets go of all, and calls back no more. */
  close(): void {
    this.#state = "over";
    for (const socket of this.#sockets.keys()) dropSocket(socket);
    this.#sockets.clear();
  }

  /** Platforms refuse some addresses by throwing: insecure ones from a secure page, those with a fragment. */
  #open(address: DialledAddress): void {
    const socket = new this.#WebSocket(address.url, [webSocketProtocol]);
    this.#sockets.set(socket, address);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#answer(socket, address, data);
    socket.onclose = ({ code }) => this.#lose(socket, `the server closed the connection (${code})`);
    socket.onerror = () => this.#lose(socket, "no connection");
  }

  #answer(socket: WebSocket, address: DialledAddress, data: unknown): void {
    this.#sockets.delete(socket);
    this.close();
    this.#listener.answered(socket, address, data);
  }

  #lose(socket: WebSocket, reason: string): void {
    this.#sockets.delete(socket);
    dropSocket(socket);
    this.#failIfNoneIsLeft(reason);
  }

  #failIfNoneIsLeft(reason: string): void {
    if (this.#state === "over" || this.#sockets.size > 0) return;
    this.#state = "over";
    this.#listener.failed(reason);
  }
}

/** Closes a socket without hearing of it any more. */
export function dropSocket(socket: WebSocket): void {
  socket.onmessage = null;
  socket.onclose = null;
  // Some engines report the failure of a socket that is closed while it connects.
  socket.onerror = () => {};
  socket.close();
}
