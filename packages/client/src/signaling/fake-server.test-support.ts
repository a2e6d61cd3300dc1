import {
  decodeClientMessage,
  decodePacket,
  encodeControl,
  encodeForwardPacket,
  type IceServer,
  type PeerId,
  peerKeyOf,
  readCard,
  type ServerMessage,
  type SignedCard,
} from "@skein/protocol";
import { type FakeSocket, FakeSockets } from "./fake-socket.test-support.js";
import type { Signaling } from "./signaling.js";
import { webSocketSignaling } from "./web-socket.js";

interface Forward {
  readonly from: PeerId;
  readonly to: PeerId;
  readonly envelope: Uint8Array;
}

/** A server of one room, honest until a test gives it a lie to tell. */
export class FakeServer {
  readonly members = new Map<PeerId, { socket: FakeSocket; card: SignedCard }>();
  /** All envelopes that went through. */
  readonly forwards: Forward[] = [];
  /** What is delivered for a forward; honest: itself. */
  route: (forward: Forward) => readonly Forward[] = (forward) => [forward];
  /** How one member's card is shown to another; honest: as it is. */
  show: (card: SignedCard, to: PeerId) => SignedCard = (card) => card;
  /** Which ICE servers it names to who joins. */
  ice: readonly IceServer[] = [];
  /** Nobody can connect. */
  isDown = false;
  /** Who may join. */
  admits: (id: PeerId) => boolean = () => true;
  readonly #sockets = new FakeSockets();

  constructor() {
    this.#sockets.made = (socket) => queueMicrotask(() => this.#accept(socket));
  }

  signaling(): Signaling {
    return webSocketSignaling({ url: "ws://127.0.0.1/", webSocket: this.#sockets.WebSocket });
  }

  say(to: PeerId, message: ServerMessage): void {
    this.members.get(to)?.socket.say(message);
  }

  deliver({ from, to, envelope }: Forward): void {
    const socket = this.members.get(to)?.socket;
    if (socket?.readyState === 1) socket.deliver(encodeForwardPacket("signal", from, envelope));
    else this.say(from, { t: "undeliverable", to: peerKeyOf(to), reason: "gone", class: "signal" });
  }

  /** All sockets break, and nobody can connect for now; the places are kept. */
  stall(): void {
    this.isDown = true;
    for (const { socket } of this.members.values()) socket.end(1006);
  }

  /** All sockets break at once. */
  crash(): void {
    this.isDown = true;
    const sockets = [...this.members.values()].map(({ socket }) => socket);
    this.members.clear();
    for (const socket of sockets) socket.end(1006);
  }

  #accept(socket: FakeSocket): void {
    if (this.isDown) return socket.fail();
    let id: PeerId | undefined;
    socket.heard = (packet) => {
      // As behind a network: nobody is called back inside their own call.
      queueMicrotask(() => {
        id = this.#hear(socket, id, packet);
      });
    };
    socket.closing = () => {
      socket.end(1000);
      this.#leave(socket, id, "left");
    };
    socket.open();
    const limits = { packetBytes: 131_072, graceMs: 10_000 };
    socket.say({ t: "challenge", nonce: new Uint8Array(32), server: "fake", versions: [1], limits });
  }

  #hear(socket: FakeSocket, id: PeerId | undefined, bytes: Uint8Array): PeerId | undefined {
    const packet = decodePacket(bytes);
    if (!packet.ok) throw new Error(packet.reason);
    if (packet.value.kind === "forward") {
      if (id === undefined) throw new Error("a forward before the join");
      const forward = { from: id, to: packet.value.peer, envelope: packet.value.envelope };
      this.forwards.push(forward);
      for (const routed of this.route(forward)) this.deliver(routed);
      return id;
    }
    const message = decodeClientMessage(packet.value.body);
    if (!message.ok) throw new Error(message.reason);
    switch (message.value.t) {
      case "join":
        return this.#join(socket, message.value.card);
      case "announce":
        if (id !== undefined) this.#announce(id, message.value.card);
        return id;
      case "token":
        return id;
      case "ping":
        socket.deliver(encodeControl({ t: "pong" }));
        return id;
      case "leave":
        this.#leave(socket, id, "left");
        return undefined;
    }
  }

  #join(socket: FakeSocket, card: SignedCard): PeerId {
    const read = readCard(card);
    if (!read.ok) throw new Error(read.reason);
    const { id } = read.value;
    if (!this.admits(id)) {
      socket.end(1006);
      return id;
    }
    this.say(id, { t: "error", code: "replaced", message: "joined again", fatal: true });
    const others = [...this.members].filter(([other]) => other !== id);
    this.members.set(id, { socket, card });
    socket.say({
      t: "joined",
      room: "lab",
      peers: others.map(([, member]) => this.show(member.card, id)),
      ice: [...this.ice],
    });
    for (const [other] of others) this.say(other, { t: "peer-joined", card: this.show(card, other) });
    return id;
  }

  #announce(id: PeerId, card: SignedCard): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    this.members.set(id, { ...member, card });
    for (const other of this.members.keys()) {
      if (other !== id) this.say(other, { t: "peer-updated", card: this.show(card, other) });
    }
  }

  #leave(socket: FakeSocket, id: PeerId | undefined, reason: string): void {
    if (id === undefined || this.members.get(id)?.socket !== socket) return;
    this.members.delete(id);
    for (const other of this.members.keys()) this.say(other, { t: "peer-left", id: peerKeyOf(id), reason });
  }
}
