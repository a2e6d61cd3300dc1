import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** One costs a third of a millisecond or so, up to its challenge. */
const perTurn = 2;

/** A request for a WebSocket, as Node's HTTP server hands it on. */
export interface Newcomer {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/**
 * Lets newcomers in, a few in each turn of the event loop. A crowd that comes at once, as clients do to a server that was started again,
 * would else be let in within one turn, and whoever is in already, and says something, would wait for the last of it.
 */
export class Entrance {
  readonly #enter: (newcomer: Newcomer) => void;
  #waiting: Newcomer[] = [];
  readonly #step = (): void => this.#letSomeIn();

  constructor(enter: (newcomer: Newcomer) => void) {
    this.#enter = enter;
  }

  add(newcomer: Newcomer): void {
    // Its client may be gone before its turn comes.
    newcomer.socket.on("error", ignore);
    if (this.#waiting.push(newcomer) === 1) setImmediate(this.#step);
  }

  #letSomeIn(): void {
    for (const newcomer of this.#waiting.splice(0, perTurn)) {
      newcomer.socket.off("error", ignore);
      if (!newcomer.socket.destroyed) this.#enter(newcomer);
    }
    if (this.#waiting.length > 0) setImmediate(this.#step);
  }
}

function ignore(): void {
  // What is wrong with it ends it.
}
