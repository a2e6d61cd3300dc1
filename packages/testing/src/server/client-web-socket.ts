import type { Host } from "../network/host.js";
import type { StreamEnd } from "../network/stream.js";
import type { Process } from "../world/process.js";
import { abnormalClosure, normalClosure, type SocketFrame, sendFrame } from "./socket-pair.js";

/** Where a page's or a program's WebSockets live. */
export interface WebSocketWorld {
  readonly process: Process;
  readonly host: Host;
  opened(socket: SimWebSocket): void;
  closed(socket: SimWebSocket): void;
}

const readyStates = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

/** How long a close is waited for (RFC 6455 §7.1.1). */
const closeMs = 3_000;

/** A client's WebSocket (WHATWG WebSockets §3) to a server of the same world. */
export class SimWebSocket extends EventTarget {
  readonly url: string;
  binaryType: BinaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #world: WebSocketWorld;
  #phase: keyof typeof readyStates = "connecting";
  #stream: StreamEnd | undefined;
  readonly #callOff: () => void;
  #cancelClose: (() => void) | undefined;

  constructor(world: WebSocketWorld, url: string, _protocols: readonly string[] = []) {
    super();
    this.#world = world;
    this.url = url;
    const { hostname, port } = new URL(url);
    const to = { address: hostname, port: Number(port || 80) };
    const { process, host } = world;
    this.#callOff = host.network.dial(
      host,
      to,
      (stream) => this.#attach(stream),
      () => process.run(() => this.#fail()),
    );
    world.opened(this);
  }

  get readyState(): number {
    return readyStates[this.#phase];
  }

  get bufferedAmount(): number {
    return this.#stream?.bufferedBytes ?? 0;
  }

  send(data: Uint8Array): void {
    if (this.#phase === "connecting") throw new DOMException("The socket isn't open yet.", "InvalidStateError");
    if (this.#phase === "open" && this.#stream)
      sendFrame(this.#stream, { kind: "message", data: Uint8Array.from(data) });
  }

  close(code = normalClosure): void {
    if (this.#phase === "closing" || this.#phase === "closed") return;
    if (this.#stream === undefined) {
      this.#callOff();
      this.#world.process.clock.after(0, () => this.#fail());
      this.#phase = "closing";
      return;
    }
    this.#phase = "closing";
    sendFrame(this.#stream, { kind: "close", code });
    this.#cancelClose = this.#world.process.clock.after(closeMs, () => this.#end(abnormalClosure));
  }

  /** @internal The network under it is gone, and the platform knows. */
  networkLost(): void {
    this.#stream?.fail();
    if (this.#phase === "connecting") {
      this.#callOff();
      this.#fail();
    }
  }

  #attach(stream: StreamEnd): void {
    this.#stream = stream;
    const { process } = this.#world;
    stream.onData = (frame) => process.run(() => this.#receive(frame as SocketFrame));
    stream.onEnd = () => process.run(() => this.#end(abnormalClosure));
    process.run(() => {
      if (this.#phase !== "connecting") return stream.reset();
      this.#phase = "open";
      this.onopen?.();
    });
  }

  #receive(frame: SocketFrame): void {
    const stream = this.#stream as StreamEnd;
    switch (frame.kind) {
      case "message": {
        const { buffer, byteOffset, length } = frame.data;
        if (this.#phase === "open") {
          this.onmessage?.({ data: buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer });
        }
        return;
      }
      case "ping":
        return sendFrame(stream, { kind: "pong", data: frame.data });
      case "close":
        if (this.#phase === "open") sendFrame(stream, { kind: "close", code: frame.code });
        return this.#end(frame.code);
      default:
        return;
    }
  }

  #fail(): void {
    if (this.#phase === "closed") return;
    this.onerror?.();
    this.#end(abnormalClosure);
  }

  #end(code: number): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#cancelClose?.();
    this.#stream?.close();
    this.#world.closed(this);
    const event = Object.assign(new Event("close"), { code });
    this.onclose?.(event);
    this.dispatchEvent(event);
  }
}
