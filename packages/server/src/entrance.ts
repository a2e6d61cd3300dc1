import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** A request for a WebSocket, as Node's HTTP server hands it on. */
export interface Newcomer {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/**
 * Lets newcomers in, one in each turn of the event loop: it costs a third of a millisecond or so, up to its challenge. A crowd that comes
 * at once, as clients do to a server that was started again, would else be let in within one turn, and whoever is in already, and says
 * something, would wait for the last of it.
 */
export class Entrance {
  readonly #enter: (newcomer: Newcomer) => void;
  #waiting: Newcomer[] = [];
  readonly #step = (): void => this.#letNextIn();

  constructor(enter: (newcomer: Newcomer) => void) {
    this.#enter = enter;
  }

  add(newcomer: Newcomer): void {
    // Its client may be gone before its turn comes.
    newcomer.socket.on("error", ignore);
    if (this.#waiting.push(newcomer) === 1) setImmediate(this.#step);
  }

  #letNextIn(): void {
    const newcomer = this.#waiting.shift();
    if (newcomer === undefined) return;
    if (this.#waiting.length > 0) setImmediate(this.#step);
    newcomer.socket.off("error", ignore);
    if (!newcomer.socket.destroyed) this.#enter(newcomer);
  }
}

function ignore(): void {
  // What is wrong with it ends it.
}
