import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  decodeClientMessage,
  decodePacket,
  encodeControl,
  encodeForwardPacket,
  type ForwardClass,
  type PeerId,
  peerKeyOf,
  readCard,
  type SignedCard,
  webSocketProtocol,
} from "@skein/protocol";
import { type WebSocket, WebSocketServer } from "ws";

/** One envelope on its way through a server. */
export interface Forward {
  readonly class: ForwardClass;
  /** Who it is said to come from. */
  readonly from: PeerId;
  readonly to: PeerId;
  readonly envelope: Uint8Array;
}

/** Where a server departs from the truth. */
export interface Lies {
  /** The card shown to others in place of a peer's own. */
  readonly card?: (card: SignedCard) => SignedCard;
  /** What is delivered in place of a forward. */
  readonly forward?: (forward: Forward, present: readonly PeerId[]) => readonly Forward[];
}

/** A server with one room that checks nothing and lies where told to. Otherwise it says what the real one says. */
export class LyingServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: WebSocketServer;
  readonly #lies: Lies;
  readonly #present = new Map<PeerId, { socket: WebSocket; card: SignedCard }>();

  private constructor(server: WebSocketServer, lies: Lies) {
    this.#server = server;
    this.#lies = lies;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async start(lies: Lies): Promise<LyingServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => webSocketProtocol });
    await once(server, "listening");
    return new LyingServer(server, lies);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#present.values()) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: WebSocket): void {
    let id: PeerId | undefined;
    socket.send(
      encodeControl({
        t: "challenge",
        nonce: randomBytes(32),
        server: "liar",
        versions: [1],
        limits: { packetBytes: 131072, graceMs: 10_000 },
      }),
    );
    socket.on("message", (data: Buffer) => {
      const packet = decodePacket(new Uint8Array(data));
      if (!packet.ok) return;
      if (packet.value.kind === "control") id = this.#handleControl(socket, packet.value.body) ?? id;
      else if (id !== undefined)
        this.#pass({
          class: packet.value.class,
          from: id,
          to: packet.value.peer,
          envelope: packet.value.envelope.slice(),
        });
    });
    socket.on("close", () => {
      if (id === undefined) return;
      this.#present.delete(id);
      for (const other of this.#present.values()) {
        other.socket.send(encodeControl({ t: "peer-left", id: peerKeyOf(id), reason: "left" }));
      }
    });
  }

  #handleControl(socket: WebSocket, body: Uint8Array): PeerId | undefined {
    const message = decodeClientMessage(body);
    if (!message.ok || message.value.t !== "join") return undefined;
    const read = readCard(message.value.card);
    if (!read.ok) return undefined;
    const card = this.#lies.card?.(message.value.card) ?? message.value.card;
    const others = [...this.#present.values()];
    socket.send(
      encodeControl({ t: "joined", room: message.value.room, peers: others.map((other) => other.card), ice: [] }),
    );
    for (const other of others) other.socket.send(encodeControl({ t: "peer-joined", card }));
    this.#present.set(read.value.id, { socket, card });
    return read.value.id;
  }

  #pass(forward: Forward): void {
    const lies = this.#lies.forward?.(forward, [...this.#present.keys()]) ?? [forward];
    for (const { class: kind, from, to, envelope } of lies) {
      this.#present.get(to)?.socket.send(encodeForwardPacket(kind, from, envelope));
    }
  }
}
