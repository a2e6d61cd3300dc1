import { Queue } from "./queue.js";

/** A part of a message, as one data record carries it. */
export interface Piece {
  /** 0 control, 1 default, 2 bulk. */
  readonly lane: number;
  /** The message ends with it. */
  readonly last: boolean;
  readonly body: Uint8Array;
}

/** What one lane has to send: whole messages waiting, cut only when their turn comes. */
export class OutLane {
  readonly #lane: number;
  readonly #messages = new Queue<Uint8Array>();
  /** How much of the first message is cut already. */
  #cut = 0;
  #sentBytes = 0;
  #creditBytes = 0;
  #queuedBytes = 0;

  constructor(lane: number) {
    this.#lane = lane;
  }

  /** Bytes that wait to be cut. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Messages of which nothing, or not all, is cut. */
  get waitingMessages(): number {
    return this.#messages.length;
  }

  add(message: Uint8Array): void {
    this.#messages.push(message);
    this.#queuedBytes += message.length;
  }

  /** How many bytes the next piece may have; 0 where nothing waits, or the other side grants nothing. */
  nextBytes(most: number): number {
    const message = this.#messages.at(0);
    if (message === undefined) return 0;
    return Math.min(most, message.length - this.#cut, this.#creditBytes - this.#sentBytes);
  }

  /** Cuts a piece of so many bytes, which {@link nextBytes} allowed. */
  cut(length: number): Piece {
    const message = this.#messages.at(0) as Uint8Array;
    const body = length === message.length ? message : message.subarray(this.#cut, this.#cut + length);
    this.#cut += length;
    this.#sentBytes += length;
    this.#queuedBytes -= length;
    const last = this.#cut === message.length;
    if (last) {
      this.#messages.shift();
      this.#cut = 0;
    }
    return { lane: this.#lane, last, body };
  }

  /** The other side takes so many bytes in all. Grants are never taken back. */
  grant(creditBytes: number): void {
    this.#creditBytes = Math.max(this.#creditBytes, creditBytes);
  }
}
