import type { Endpoint, Nat } from "../core/nat.js";
import type { Datagram, Network } from "./network.js";
import { Line, type LinkQuality } from "./quality.js";
import type { Acceptor, StreamEnd } from "./stream.js";

/** A machine on the network: an address, UDP sockets, and who listens for streams. */
export class Host {
  readonly network: Network;
  readonly name: string;
  readonly up: Line;
  readonly down: Line;
  /** Streams that end here, so that a crash ends them. */
  readonly streams = new Set<StreamEnd>();
  #quality: LinkQuality;
  #address = "";
  #nat: Nat | undefined;
  #power: "on" | "off" = "on";
  readonly #sockets = new Map<number, (datagram: Datagram) => void>();
  readonly #acceptors = new Map<number, Acceptor>();
  #nextPort = 50_000;

  /** Use {@link Network.addHost}. */
  constructor(network: Network, name: string, quality: LinkQuality) {
    this.network = network;
    this.name = name;
    this.#quality = quality;
    this.up = new Line(quality.bytesPerSecond);
    this.down = new Line(quality.bytesPerSecond);
  }

  get address(): string {
    return this.#address;
  }

  get nat(): Nat | undefined {
    return this.#nat;
  }

  get quality(): LinkQuality {
    return this.#quality;
  }

  /** Nothing gets in or out: it sleeps, or its network is off. */
  get isOff(): boolean {
    return this.#power === "off";
  }

  /** How many UDP sockets are open. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  setQuality(quality: Partial<LinkQuality>): void {
    this.#quality = { ...this.#quality, ...quality };
    this.up.bytesPerSecond = this.#quality.bytesPerSecond;
    this.down.bytesPerSecond = this.#quality.bytesPerSecond;
  }

  turn(power: "on" | "off"): void {
    this.#power = power;
  }

  /** @internal Of {@link Network.move}: what was bound to the old address stays so, and gets nothing any more. */
  settle(address: string, nat: Nat | undefined): void {
    this.#address = address;
    this.#nat = nat;
  }

  /** Opens a UDP socket at the address of now. */
  bind(receive: (datagram: Datagram) => void, port = this.#nextPort++): UdpSocket {
    const local: Endpoint = { address: this.#address, port };
    this.#sockets.set(port, receive);
    return {
      local,
      send: (to, payload, bytes) => {
        // Trap: a socket of an address that is gone sends nothing, and says nothing.
        if (this.#sockets.get(port) !== receive || this.#address !== local.address) return;
        this.network.send(this, { from: local, to, payload, bytes });
      },
      close: () => {
        if (this.#sockets.get(port) === receive) this.#sockets.delete(port);
      },
    };
  }

  /** @internal A datagram for one of its ports. */
  receive(datagram: Datagram): void {
    this.#sockets.get(datagram.to.port)?.(datagram);
  }

  /** Listens for streams; gives what ends that. */
  listen(port: number, accept: Acceptor): () => void {
    this.#acceptors.set(port, accept);
    return () => this.#acceptors.delete(port);
  }

  acceptorOf(port: number): Acceptor | undefined {
    return this.#acceptors.get(port);
  }

  /** All that ran here is gone: its sockets are closed without a word, its streams are reset. */
  crash(): void {
    this.#sockets.clear();
    this.#acceptors.clear();
    for (const end of [...this.streams]) end.reset();
  }
}

/** An open UDP socket. */
export interface UdpSocket {
  readonly local: Endpoint;
  send(to: Endpoint, payload: unknown, bytes: number): void;
  close(): void;
}
