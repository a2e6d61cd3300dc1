import type { EndOfTurn, Flushable } from "./end-of-turn.js";
import { binaryFrame } from "./frame.js";
import { type ClientSocket, type Corkable, openState } from "./socket.js";

/**
 * As much is held back for the end of a turn, which is what one read of a socket brings. More would look as if the client didn't take it,
 * while it was only never given it.
 */
const heldMostBytes = 64 * 1024;

/** What goes out to one client. */
export class Outgoing implements Flushable {
  readonly #socket: ClientSocket;
  /** What carries the WebSocket. */
  readonly #stream: Corkable;
  readonly #turn: EndOfTurn;
  /** Whether forwards were sent in this turn; if so, whether anything waited before them. */
  #phase: "idle" | "flowing" | "behind" = "idle";
  #heldBytes = 0;
  #sentBytes = 0;
  /** What the client had taken, and what waited for it, when {@link takeReading} was asked the last time. */
  #takenBytes = 0;
  #waitingBytes = 0;

  constructor(socket: ClientSocket, stream: Corkable, turn: EndOfTurn) {
    this.#socket = socket;
    this.#stream = stream;
    this.#turn = turn;
  }

  /** What waits for the client to read it. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a packet that is its own. Whether there is room for it was asked before, as it was for a forward. */
  send(packet: Uint8Array): void {
    this.#sentBytes += packet.length;
    this.#socket.send(packet);
  }

  /** Sends a forward, which lies in what was read. */
  forward(packet: Uint8Array): void {
    if (this.#phase === "idle") {
      this.#phase = this.#socket.bufferedAmount === 0 ? "flowing" : "behind";
      // What was read together goes out together: system calls are most of what forwards cost.
      this.#stream.cork();
      this.#turn.add(this);
    }
    if (this.#heldBytes + packet.length > heldMostBytes) this.#letGo();
    this.#heldBytes += packet.length;
    this.#sentBytes += packet.length;
    const { readyState } = this.#socket;
    if (this.#stream.write === undefined || readyState !== openState) {
      // What has to wait longer than that would keep alive all that was read together with it.
      this.#socket.send(this.#phase === "behind" ? new Uint8Array(packet) : packet);
    } else this.#stream.write(binaryFrame(packet));
  }

  /** The end of the turn in which forwards were sent. */
  flush(): void {
    this.#phase = "idle";
    this.#heldBytes = 0;
    this.#stream.uncork();
  }

  /** How much the client took since this was asked the last time, where something waited for it then and waits now. */
  takeReading(): number | undefined {
    const waitingBytes = this.bufferedBytes;
    const takenBytes = this.#sentBytes - waitingBytes;
    const reading = waitingBytes > 0 && this.#waitingBytes > 0 ? takenBytes - this.#takenBytes : undefined;
    this.#waitingBytes = waitingBytes;
    this.#takenBytes = takenBytes;
    return reading;
  }

  /** In mid-turn. */
  #letGo(): void {
    this.#heldBytes = 0;
    this.#stream.uncork();
    this.#stream.cork();
  }
}
