import { type Endpoint, endpointKey } from "../core/nat.js";
import type { Host, UdpSocket } from "../network/host.js";
import type { Datagram } from "../network/network.js";

/** STUN (RFC 8489) and TURN (RFC 8656), as far as candidates need them. */
export type IceServerPacket =
  | { readonly stun: "bind"; readonly id: number }
  | { readonly stun: "bound"; readonly id: number; readonly mapped: Endpoint }
  | { readonly turn: "allocate"; readonly id: number; readonly username: string; readonly credential: string }
  | { readonly turn: "allocated"; readonly id: number; readonly relayed: Endpoint }
  | { readonly turn: "refused"; readonly id: number }
  | { readonly turn: "send"; readonly to: Endpoint; readonly payload: unknown; readonly bytes: number }
  | { readonly turn: "data"; readonly from: Endpoint; readonly payload: unknown; readonly bytes: number }
  | { readonly turn: "release" };

/** RFC 8489 §5, and of TURN's own part RFC 8656 §11.4. */
export const stunBytes = 60;
const sendOverheadBytes = 36;
export const iceServerPort = 3478;

interface Allocation {
  readonly client: Endpoint;
  readonly socket: UdpSocket;
  /** Whom the client has sent something to: others don't get in (RFC 8656 §9). */
  readonly permitted: Set<string>;
}

/** A STUN and TURN server over UDP on a host of its own. */
export class IceServer {
  readonly host: Host;
  readonly #socket: UdpSocket;
  readonly #username: string;
  readonly #credential: string;
  readonly #allocations = new Map<string, Allocation>();
  #relayedBytes = 0;

  constructor(host: Host, username: string, credential: string) {
    this.host = host;
    this.#username = username;
    this.#credential = credential;
    this.#socket = host.bind((datagram) => this.#handle(datagram), iceServerPort);
  }

  /** What `joinRoom` and a server take. @param kinds whether STUN alone, or TURN as well. */
  urls(kinds: "stun" | "turn"): { urls: string[]; username?: string; credential?: string }[] {
    const place = `${this.host.address}:${iceServerPort}`;
    const stun = { urls: [`stun:${place}`] };
    const turn = { urls: [`turn:${place}?transport=udp`], username: this.#username, credential: this.#credential };
    return kinds === "stun" ? [stun] : [stun, turn];
  }

  get allocations(): number {
    return this.#allocations.size;
  }

  /** Both ways, for all. */
  get relayedBytes(): number {
    return this.#relayedBytes;
  }

  #handle({ from, payload }: Datagram): void {
    const packet = payload as IceServerPacket;
    if ("stun" in packet && packet.stun === "bind") this.#reply(from, { stun: "bound", id: packet.id, mapped: from });
    if (!("turn" in packet)) return;
    if (packet.turn === "allocate") this.#allocate(from, packet);
    if (packet.turn === "send") this.#send(from, packet);
    if (packet.turn === "release") this.#release(from);
  }

  #allocate(client: Endpoint, packet: Extract<IceServerPacket, { turn: "allocate" }>): void {
    if (packet.username !== this.#username || packet.credential !== this.#credential) {
      return this.#reply(client, { turn: "refused", id: packet.id });
    }
    const key = endpointKey(client);
    const known = this.#allocations.get(key) ?? this.#open(client);
    this.#allocations.set(key, known);
    this.#reply(client, { turn: "allocated", id: packet.id, relayed: known.socket.local });
  }

  #open(client: Endpoint): Allocation {
    const permitted = new Set<string>();
    const socket = this.host.bind(({ from, payload, bytes }) => {
      if (!permitted.has(from.address)) return;
      this.#relayedBytes += bytes;
      this.#reply(client, { turn: "data", from, payload, bytes }, bytes + sendOverheadBytes);
    });
    return { client, socket, permitted };
  }

  #send(client: Endpoint, { to, payload, bytes }: Extract<IceServerPacket, { turn: "send" }>): void {
    const allocation = this.#allocations.get(endpointKey(client));
    if (allocation === undefined) return;
    allocation.permitted.add(to.address);
    this.#relayedBytes += bytes;
    allocation.socket.send(to, payload, bytes);
  }

  #release(client: Endpoint): void {
    this.#allocations.get(endpointKey(client))?.socket.close();
    this.#allocations.delete(endpointKey(client));
  }

  #reply(to: Endpoint, packet: IceServerPacket, bytes = stunBytes): void {
    this.#socket.send(to, packet, bytes);
  }
}
