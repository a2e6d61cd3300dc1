import { EventEmitter } from "node:events";
import type { ClientSocket, Corkable } from "@skein/server";
import type { StreamEnd } from "../network/stream.js";
import type { Process } from "../world/process.js";
import { abnormalClosure, type SocketFrame, sendFrame } from "./socket-pair.js";

const readyStates = { open: 1, closing: 2, closed: 3 } as const;

/** A server's end of a WebSocket, as the package `ws` has it. */
export class ServerSocket extends EventEmitter implements ClientSocket, Corkable {
  readonly #stream: StreamEnd;
  #phase: keyof typeof readyStates = "open";
  /** What the other side, or we, gave as the reason of the end. */
  #code = abnormalClosure;

  constructor(process: Process, stream: StreamEnd) {
    super();
    this.#stream = stream;
    stream.onData = (frame) => process.run(() => this.#receive(frame as SocketFrame));
    stream.onEnd = () => process.run(() => this.#end());
  }

  get readyState(): number {
    return readyStates[this.#phase];
  }

  get bufferedAmount(): number {
    return this.#stream.bufferedBytes;
  }

  send(packet: Uint8Array): void {
    if (this.#phase === "open") sendFrame(this.#stream, { kind: "message", data: Uint8Array.from(packet) });
  }

  ping(): void {
    sendFrame(this.#stream, { kind: "ping", data: new Uint8Array(0) });
  }

  pong(data: Uint8Array): void {
    sendFrame(this.#stream, { kind: "pong", data });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(code: number, _reason: string): void {
    if (this.#phase !== "open") return;
    this.#phase = "closing";
    this.#code = code;
    sendFrame(this.#stream, { kind: "close", code });
  }

  terminate(): void {
    this.#stream.reset();
    this.#end();
  }

  /** What is written together goes out together as it is: a stream of this world carries one thing at a time. */
  cork(): void {}

  uncork(): void {}

  #receive(frame: SocketFrame): void {
    if (this.#phase === "closed") return;
    switch (frame.kind) {
      case "message":
        this.emit("message", Buffer.from(frame.data), true);
        return;
      case "text":
        this.emit("message", Buffer.alloc(0), false);
        return;
      case "ping":
      case "pong":
        this.emit(frame.kind, Buffer.from(frame.data));
        return;
      case "close":
        if (this.#phase === "open") {
          this.#code = frame.code;
          sendFrame(this.#stream, frame);
        }
        this.#stream.close();
        this.#end();
    }
  }

  #end(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    // Never at once: whoever ends a connection has finished doing so by then.
    queueMicrotask(() => this.emit("close", this.#code));
  }
}
