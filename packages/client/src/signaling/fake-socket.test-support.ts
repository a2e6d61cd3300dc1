import {
  type ClientMessage,
  decodeClientMessage,
  decodePacket,
  encodeControl,
  type ServerMessage,
} from "@skein/protocol";

type Factory = new (url: string, protocols: string[]) => WebSocket;

/** A WebSocket whose other side is the test. */
export class FakeSocket extends EventTarget {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly sent: Uint8Array[] = [];
  readyState: 0 | 1 | 2 | 3 = 0;
  binaryType = "blob";
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  /** Hears each packet of the client, where a fake server stands behind. */
  heard: ((packet: Uint8Array) => void) | undefined;
  /** Runs when the client closes. */
  closing: () => void = () => this.end(1005);

  constructor(url: string, protocols: readonly string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
  }

  /** The client's half of the WebSocket interface. */
  send(packet: Uint8Array): void {
    if (this.readyState !== 1) throw new Error("InvalidStateError");
    this.sent.push(packet);
    this.heard?.(packet);
  }

  close(): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    queueMicrotask(() => this.closing());
  }

  /** The server's half. */
  open(): void {
    this.readyState = 1;
  }

  say(message: ServerMessage): void {
    this.deliver(encodeControl(message));
  }

  deliver(packet: Uint8Array | string): void {
    const data = typeof packet === "string" ? packet : Uint8Array.from(packet).buffer;
    this.onmessage?.({ data });
  }

  fail(): void {
    this.readyState = 3;
    this.onerror?.();
    this.end(1006);
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
    this.dispatchEvent(new Event("close"));
  }

  /** Control messages of the client so far. */
  get messages(): ClientMessage[] {
    return this.sent.flatMap((packet) => {
      const decoded = decodePacket(packet);
      if (!decoded.ok || decoded.value.kind !== "control") return [];
      const message = decodeClientMessage(decoded.value.body);
      return message.ok ? [message.value] : [];
    });
  }
}

/** Makes fake sockets, and keeps them. */
export class FakeSockets {
  readonly all: FakeSocket[] = [];
  readonly WebSocket: Factory;
  /** Each new socket comes by here. */
  made: (socket: FakeSocket) => void = () => {};

  constructor() {
    const sockets = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.all.push(this);
        sockets.made(this);
      }
    } as unknown as Factory;
  }

  get last(): FakeSocket {
    const socket = this.all.at(-1);
    if (socket === undefined) throw new Error("no socket was opened yet");
    return socket;
  }
}
