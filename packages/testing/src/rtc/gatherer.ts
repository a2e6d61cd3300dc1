import { candidateOf, type IceCandidate } from "../core/candidates.js";
import { type Endpoint, endpointKey } from "../core/nat.js";
import type { Host, UdpSocket } from "../network/host.js";
import type { Datagram } from "../network/network.js";
import type { Process } from "../world/process.js";
import { type IceServerPacket, stunBytes } from "./ice-server.js";

/** Where datagrams of ours leave from: a socket of our own, or a relayed address at a TURN server. */
export interface Base {
  readonly candidate: IceCandidate;
  send(to: Endpoint, payload: unknown, bytes: number): void;
}

export interface GathererListener {
  found(candidate: IceCandidate): void;
  /** All that there is was found. */
  complete(): void;
  /** Something came that is none of a server's. */
  received(base: Base, from: Endpoint, payload: unknown): void;
}

interface Question {
  readonly server: Endpoint;
  readonly ask: () => void;
  attempts: number;
  cancel: () => void;
}

/** RFC 8489 §6.2.1: sent again after half a second, doubling. */
const retryMs = 500;
const attemptsMost = 4;

/** Finds our candidates (RFC 8445 §5.1.1): of this host, and through STUN and TURN servers. */
export class Gatherer {
  readonly #process: Process;
  readonly #host: Host;
  #servers: readonly RTCIceServer[];
  readonly #listener: GathererListener;
  readonly #bases: Base[] = [];
  readonly #questions = new Map<number, Question>();
  #socket: UdpSocket | undefined;
  #own: Base | undefined;
  #relays = new Map<string, Base>();
  #asked = 0;

  constructor(process: Process, host: Host, servers: readonly RTCIceServer[], listener: GathererListener) {
    this.#process = process;
    this.#host = host;
    this.#servers = servers;
    this.#listener = listener;
  }

  get bases(): readonly Base[] {
    return this.#bases;
  }

  setServers(servers: readonly RTCIceServer[]): void {
    this.#servers = servers;
  }

  /** Begins anew where the host's address is another one. */
  gather(): void {
    if (this.#socket?.local.address !== this.#host.address) this.#open();
    const own = this.#own as Base;
    this.#listener.found(own.candidate);
    for (const relay of this.#relays.values()) this.#listener.found(relay.candidate);
    for (const server of this.#servers) for (const url of [server.urls].flat()) this.#query(url, server);
    if (this.#questions.size === 0) this.#process.clock.after(0, () => this.#finish());
  }

  close(): void {
    for (const { cancel } of this.#questions.values()) cancel();
    this.#questions.clear();
    for (const key of this.#relays.keys()) this.#socket?.send(endpointOf(key), { turn: "release" }, stunBytes);
    this.#socket?.close();
  }

  #open(): void {
    this.#socket?.close();
    this.#bases.length = 0;
    this.#relays = new Map();
    const socket = this.#host.bind((datagram) => this.#process.run(() => this.#receive(datagram)));
    this.#socket = socket;
    this.#own = { candidate: candidateOf("host", socket.local), send: (...datagram) => socket.send(...datagram) };
    this.#bases.push(this.#own);
  }

  #query(url: string, { username = "", credential = "" }: RTCIceServer): void {
    const match = /^(stun|turn):([^:?]+):(\d+)/.exec(url);
    if (match === null) return;
    const [, kind, address = "", port = ""] = match;
    const server = { address, port: Number(port) };
    const id = ++this.#asked;
    const packet: IceServerPacket =
      kind === "stun"
        ? { stun: "bind", id }
        : { turn: "allocate", id, username: decoded(username), credential: decoded(credential) };
    const question: Question = {
      server,
      ask: () => this.#socket?.send(server, packet, stunBytes),
      attempts: 0,
      cancel: () => {},
    };
    this.#questions.set(id, question);
    this.#ask(id, question);
  }

  #ask(id: number, question: Question): void {
    if (question.attempts++ >= attemptsMost) return this.#answered(id);
    question.ask();
    question.cancel = this.#process.clock.after(retryMs * 2 ** (question.attempts - 1), () => this.#ask(id, question));
  }

  #receive({ from, payload }: Datagram): void {
    const packet = payload as IceServerPacket;
    if ("stun" in packet && packet.stun === "bound")
      return this.#take(packet.id, from, (own) => this.#reflexive(own, packet.mapped));
    if ("turn" in packet && packet.turn === "allocated")
      return this.#take(packet.id, from, () => this.#relayed(from, packet.relayed));
    if ("turn" in packet && packet.turn === "refused") return this.#answered(packet.id);
    if ("turn" in packet && packet.turn === "data") {
      const relay = this.#relays.get(endpointKey(from));
      return relay && this.#listener.received(relay, packet.from, packet.payload);
    }
    if (this.#own !== undefined) this.#listener.received(this.#own, from, payload);
  }

  #take(id: number, from: Endpoint, then: (own: Base) => void): void {
    const question = this.#questions.get(id);
    if (question === undefined || endpointKey(question.server) !== endpointKey(from)) return;
    if (this.#own !== undefined) then(this.#own);
    this.#answered(id);
  }

  #reflexive(own: Base, mapped: Endpoint): void {
    if (endpointKey(mapped) !== endpointKey(own.candidate)) this.#listener.found(candidateOf("srflx", mapped));
  }

  #relayed(server: Endpoint, relayed: Endpoint): void {
    const socket = this.#socket;
    const relay: Base = {
      candidate: candidateOf("relay", relayed),
      send: (to, payload, bytes) => socket?.send(server, { turn: "send", to, payload, bytes }, bytes + stunBytes),
    };
    this.#relays.set(endpointKey(server), relay);
    this.#bases.push(relay);
    this.#listener.found(relay.candidate);
  }

  #answered(id: number): void {
    this.#questions.get(id)?.cancel();
    if (this.#questions.delete(id) && this.#questions.size === 0) this.#finish();
  }

  #finish(): void {
    this.#listener.complete();
  }
}

function endpointOf(key: string): Endpoint {
  const [address = "", port = ""] = key.split(":");
  return { address, port: Number(port) };
}

/** Some engines want them percent-encoded, which takes nothing from those that aren't. */
function decoded(text: string): string {
  return decodeURIComponent(text);
}
