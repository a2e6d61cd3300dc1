import { Duplex } from "node:stream";
import type { SimplePeer } from "./simple-peer.js";

/** As simple-peer has it: above this a write waits, and a `send` doesn't. */
const writeWaitsBytes = 64 * 1024;

/**
 * One end of two streams that are joined in memory, with the interface of a simple-peer: a stream of bytes whose `send` goes past
 * the stream's own buffer.
 */
export class DuplexEnd extends Duplex implements SimplePeer {
  connected = false;
  bufferSize = 0;
  /** The most that was in the buffer. */
  peakBytes = 0;
  /** What becomes of each message on its way to the other end: itself, another, or nothing. */
  onItsWay: (message: Uint8Array) => Uint8Array | undefined = (message) => message;
  #other: DuplexEnd | undefined;
  #queue: Uint8Array[] = [];
  #pace: "at once" | "held" = "at once";
  #written: (() => void) | undefined;

  join(other: DuplexEnd): void {
    this.#other = other;
  }

  connect(): void {
    this.connected = true;
    this.emit("connect");
  }

  send(chunk: Uint8Array): void {
    if (!this.connected) throw new Error("not connected");
    this.#queue.push(chunk.slice());
    this.bufferSize += chunk.length;
    this.peakBytes = Math.max(this.peakBytes, this.bufferSize);
    if (this.#pace === "at once") queueMicrotask(() => this.#flush());
  }

  /** Keeps all that is sent, as a slow network does. */
  hold(): void {
    this.#pace = "held";
  }

  release(): void {
    this.#pace = "at once";
    this.#flush();
  }

  /** Closes both ends, as a lost connection does: what is on its way is lost. */
  cut(): void {
    for (const end of [this, this.#other]) end?.destroy();
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.send(chunk);
    if (this.bufferSize > writeWaitsBytes) this.#written = callback;
    else callback();
  }

  override _destroy(_error: Error | null, callback: () => void): void {
    this.connected = false;
    this.#queue = [];
    callback();
  }

  #flush(): void {
    for (const message of this.#queue.splice(0)) {
      this.bufferSize -= message.length;
      const arrives = this.onItsWay(message);
      if (arrives !== undefined && this.#other?.connected === true) this.#other.push(Buffer.from(arrives));
    }
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }
}

/** Two ends that are joined, and connected unless told otherwise. */
export function duplexPair({ connected = true } = {}): readonly [DuplexEnd, DuplexEnd] {
  const ends = [new DuplexEnd(), new DuplexEnd()] as const;
  ends[0].join(ends[1]);
  ends[1].join(ends[0]);
  if (connected) for (const end of ends) end.connect();
  return ends;
}

/** The listeners of others than the stream itself. */
export function listenersOf(end: DuplexEnd): Record<string, number> {
  return Object.fromEntries(["connect", "data", "close", "error"].map((name) => [name, end.listenerCount(name)]));
}
