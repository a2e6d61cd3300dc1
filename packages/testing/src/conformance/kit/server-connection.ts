import {
  type ClientMessage,
  decodePacket,
  decodeServerMessage,
  encodeControl,
  type ForwardClass,
  type PeerId,
  type ServerMessage,
  SkeinError,
  webSocketProtocol,
} from "@skein/protocol";
import WebSocket from "ws";
import { mustBe, Unmet } from "./check.js";
import { Inbox, inTime } from "./inbox.js";

/** What a server said: a control message, a forward, or something that can't be read. */
export type Heard =
  | ServerMessage
  | { readonly t: "forward"; readonly class: ForwardClass; readonly from: PeerId; readonly envelope: Uint8Array }
  | { readonly t: "unreadable"; readonly reason: string };

export type HeardOf<Type extends Heard["t"]> = Extract<Heard, { readonly t: Type }>;

/**
 * What checks ask of a WebSocket. The types of `ws` are a package of their own, so no declaration here may name them: whoever installs
 * this package would need that one too.
 */
export interface ClientWebSocket {
  readonly protocol: string;
  readonly extensions: string;
  readonly readyState: number;
  readonly OPEN: number;
  close(code: number): void;
}

export interface ClientWebSocketOptions {
  readonly perMessageDeflate?: boolean;
  readonly handshakeTimeout?: number;
}

/** A client's WebSocket that says just what it is told to, and keeps what it hears until someone asks. */
export class ServerConnection {
  readonly socket: ClientWebSocket;
  readonly #webSocket: WebSocket;
  /** Resolves with whether the WebSocket came to be open. */
  readonly opened: Promise<boolean>;
  /** Resolves with the code that the WebSocket was closed with. */
  readonly closed: Promise<number>;
  readonly #timeoutMs: number;
  readonly #inbox: Inbox<Heard>;
  /** What is listened to besides. */
  #listener: ((heard: Heard) => void) | undefined;

  constructor(url: string, timeoutMs: number, options: ClientWebSocketOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#inbox = new Inbox(timeoutMs, describeHeard);
    this.#webSocket = new WebSocket(url, [webSocketProtocol], { perMessageDeflate: false, ...options });
    this.socket = this.#webSocket;
    this.#webSocket.on("message", (data, isBinary) => this.#hear(data as Buffer, isBinary));
    this.#webSocket.on("error", (error) => this.#inbox.end(error.message));
    this.opened = new Promise((resolve) => {
      this.#webSocket.on("open", () => resolve(true));
      this.#webSocket.on("close", () => resolve(false));
    });
    this.closed = new Promise((resolve) => {
      this.#webSocket.on("close", (code) => {
        this.#inbox.end(`the WebSocket closed with ${code}`);
        resolve(code);
      });
    });
  }

  /** What came and wasn't asked for. */
  get rest(): readonly Heard[] {
    return this.#inbox.rest;
  }

  /** Everything that nobody asked for goes here, and to nobody else. */
  listen(listener: (heard: Heard) => void): void {
    this.#listener = listener;
    for (const heard of this.#inbox.drain()) listener(heard);
  }

  /** @throws {Unmet} where none comes */
  next<Type extends Heard["t"]>(
    type: Type,
    fits: (heard: HeardOf<Type>) => boolean = () => true,
    timeoutMs = this.#timeoutMs,
  ): Promise<HeardOf<Type>> {
    return this.#inbox.take(
      `\`${type}\``,
      (heard): heard is HeardOf<Type> => heard.t === type && fits(heard as HeardOf<Type>),
      timeoutMs,
    );
  }

  /** The next of any of these types. @throws {Unmet} where none comes */
  nextOf<Type extends Heard["t"]>(expected: string, types: readonly Type[]): Promise<HeardOf<Type>> {
    return this.#inbox.take(expected, (heard): heard is HeardOf<Type> =>
      (types as readonly string[]).includes(heard.t),
    );
  }

  say(message: ClientMessage): void {
    this.send(encodeControl(message));
  }

  send(packet: Uint8Array | string): void {
    this.#webSocket.send(packet);
  }

  /** Asks something that is answered in order: what the server had to say before has come by then. Gives it. */
  async settle(): Promise<readonly Heard[]> {
    this.say({ t: "ping" });
    const before: Heard[] = [];
    await this.#inbox.take("`pong`", (heard) => {
      if (heard.t !== "pong") before.push(heard);
      return heard.t === "pong";
    });
    return before;
  }

  /** @throws {Unmet} unless the server refuses with this code, and closes the connection */
  async refusedWith(...codes: readonly string[]): Promise<void> {
    const expected = `the fatal error ${codes.map((code) => `\`${code}\``).join(" or ")}`;
    const error = await this.next("error");
    mustBe(error.fatal && codes.includes(error.code), expected, describeHeard(error));
    await this.ended();
  }

  /** @throws {Unmet} unless the server complains with this code, and goes on */
  async complainedWith(code: string): Promise<void> {
    const error = await this.next("error");
    mustBe(!error.fatal && error.code === code, `the error \`${code}\`, not fatal`, describeHeard(error));
    await this.settle();
  }

  /** @throws {Unmet} unless the WebSocket closes in time */
  ended(): Promise<number> {
    return inTime("the end of the connection", this.closed, this.#timeoutMs);
  }

  /** Nobody said goodbye. */
  cut(): void {
    this.#webSocket.terminate();
  }

  #hear(data: Buffer, isBinary: boolean): void {
    const heard: Heard = isBinary ? read(new Uint8Array(data)) : { t: "unreadable", reason: "a text message" };
    if (this.#listener === undefined) this.#inbox.add(heard);
    else this.#listener(heard);
  }
}

function read(data: Uint8Array): Heard {
  const packet = decodePacket(data);
  if (!packet.ok) return { t: "unreadable", reason: packet.reason };
  if (packet.value.kind === "forward") {
    const { class: kind, peer, envelope } = packet.value;
    return { t: "forward", class: kind, from: peer, envelope };
  }
  const message = decodeServerMessage(packet.value.body);
  return message.ok ? message.value : { t: "unreadable", reason: message.reason };
}

/** @throws {SkeinError} `server-unreachable` where no WebSocket opens there */
export async function mustReach(url: string, timeoutMs: number): Promise<void> {
  const connection = new ServerConnection(url, timeoutMs, { handshakeTimeout: timeoutMs });
  const isOpen = await connection.opened;
  connection.cut();
  if (!isOpen)
    throw new SkeinError(
      "server-unreachable",
      `No server of Skein's answers at ${url}: is it running, and is that its address?`,
    );
}

/** In a few words. */
export function describeHeard(heard: Heard): string {
  switch (heard.t) {
    case "error":
      return `the ${heard.fatal ? "fatal " : ""}error \`${heard.code}\``;
    case "forward":
      return `a forward of class ${heard.class} and ${heard.envelope.length} bytes`;
    case "peer-left":
      return `\`peer-left\` with \`${heard.reason}\``;
    case "undeliverable":
      return `\`undeliverable\` with \`${heard.reason}\` and class ${heard.class ?? "unsaid"}`;
    case "unreadable":
      return `a packet that can't be read (${heard.reason})`;
    default:
      return `\`${heard.t}\``;
  }
}

/** @throws {Unmet} where anything of these types is there */
export function mustNotHear(heard: readonly Heard[], types: readonly Heard["t"][], expected: string): void {
  const wrong = heard.find(({ t }) => types.includes(t));
  if (wrong !== undefined) throw new Unmet(expected, describeHeard(wrong));
}
