import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  type ClientMessage,
  decodeClientMessage,
  decodePacket,
  decodeServerMessage,
  encodeControl,
  type Packet,
  type PeerId,
  readCard,
  type ServerMessage,
  webSocketProtocol,
} from "@skein/protocol";
import { WebSocket, WebSocketServer } from "ws";

/** One client's way through a faulty server. */
export class Leg {
  /** Who has asked to join over it, and where. */
  id: PeerId | undefined;
  room: string | undefined;
  readonly client: WebSocket;
  readonly server: WebSocket;
  /** Whatever a fault has to remember. */
  readonly notes = new Map<string, number>();

  constructor(client: WebSocket, server: WebSocket) {
    this.client = client;
    this.server = server;
  }

  toClient(packet: Uint8Array): void {
    if (this.client.readyState === WebSocket.OPEN) this.client.send(packet);
  }

  toServer(packet: Uint8Array): void {
    if (this.server.readyState === WebSocket.OPEN) this.server.send(packet);
  }
}

/** A packet on its way, read. What a fault gives in its place is sent; undefined leaves it as it is. */
export interface Faults {
  readonly up?: (passing: {
    packet: Packet;
    message?: ClientMessage | undefined;
    leg: Leg;
    legs: ReadonlySet<Leg>;
  }) => readonly Uint8Array[] | undefined;
  readonly down?: (passing: {
    packet: Packet;
    message?: ServerMessage | undefined;
    leg: Leg;
  }) => readonly Uint8Array[] | undefined;
  /** What becomes of the client's close: the code that the real server sees. */
  readonly closedWith?: (code: number) => number | "cut";
  /** Every upgrade is accepted. */
  readonly takesAll?: boolean;
}

/** The real server behind one that does wrong in one thing: it stands between, and reads along. */
export class FaultyServer implements AsyncDisposable {
  readonly url: string;
  readonly #listener: WebSocketServer;
  readonly #realUrl: string;
  readonly #faults: Faults;
  readonly #legs = new Set<Leg>();

  private constructor(listener: WebSocketServer, realUrl: string, faults: Faults) {
    this.#listener = listener;
    this.#realUrl = realUrl;
    this.#faults = faults;
    this.url = `ws://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
    listener.on("connection", (socket) => this.#accept(socket));
  }

  static async start(realUrl: string, faults: Faults): Promise<FaultyServer> {
    const listener = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      maxPayload: 131_072,
      handleProtocols: () => webSocketProtocol,
      ...(faults.takesAll ? {} : { verifyClient: ({ req }, answer) => answer(speaksOurs(req.headers), 400) }),
    });
    await once(listener, "listening");
    return new FaultyServer(listener, realUrl, faults);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#legs) {
      client.terminate();
      server.terminate();
    }
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(client: WebSocket): void {
    const server = new WebSocket(this.#realUrl, [webSocketProtocol], { perMessageDeflate: false });
    const leg = new Leg(client, server);
    this.#legs.add(leg);
    const opened = once(server, "open").catch(() => {});
    client.on("message", async (data, isBinary) => {
      await opened;
      if (isBinary) this.#up(leg, new Uint8Array(data as Buffer));
      else if (server.readyState === WebSocket.OPEN) server.send(data, { binary: false });
    });
    server.on("message", (data) => this.#down(leg, new Uint8Array(data as Buffer)));
    for (const socket of [client, server]) socket.on("error", () => {});
    client.on("close", async (code) => {
      await opened;
      this.#legs.delete(leg);
      const told = this.#faults.closedWith?.(code) ?? (code === 1006 || code === 1009 ? "cut" : code);
      if (told === "cut") server.terminate();
      else server.close(told);
    });
    server.on("close", (code) => (code === 1006 ? client.terminate() : client.close(code)));
  }

  #up(leg: Leg, data: Uint8Array): void {
    const packet = decodePacket(data);
    if (!packet.ok) return leg.toServer(data);
    const message = packet.value.kind === "control" ? decodeClientMessage(packet.value.body) : undefined;
    const said = message?.ok ? message.value : undefined;
    if (said?.t === "join") {
      const card = readCard(said.card);
      if (card.ok) leg.id = card.value.id;
      leg.room = said.room;
    }
    const instead = this.#faults.up?.({ packet: packet.value, message: said, leg, legs: this.#legs });
    for (const each of instead ?? [data]) leg.toServer(each);
  }

  #down(leg: Leg, data: Uint8Array): void {
    const packet = decodePacket(data);
    if (!packet.ok) return leg.toClient(data);
    const message = packet.value.kind === "control" ? decodeServerMessage(packet.value.body) : undefined;
    const instead = this.#faults.down?.({
      packet: packet.value,
      message: message?.ok ? message.value : undefined,
      leg,
    });
    for (const each of instead ?? [data]) leg.toClient(each);
  }
}

function speaksOurs(headers: { readonly [name: string]: string | string[] | undefined }): boolean {
  return String(headers["sec-websocket-protocol"] ?? "")
    .split(/,\s*/)
    .includes(webSocketProtocol);
}

/** A control message, as a fault gives it. */
export const control = (message: ClientMessage | ServerMessage): Uint8Array[] => [encodeControl(message)];
