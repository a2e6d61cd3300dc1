import {
  encodeControl,
  encodeForwardPacket,
  type ForwardClass,
  type IceServer,
  type PeerId,
  peerKeyOf,
  readCard,
  type SignedCard,
  toBase64Url,
} from "@skein/protocol";
import { dispatchPacket } from "./server-packets.js";
import type { Signaling, SignalingEvents, SignalingJoin, SignalingSession } from "./signaling.js";

/** Carries packets between everyone on it, in order. There is no server: each says of itself what a server would say. */
export interface Bus {
  /** For people. */
  readonly address: string;
  /** To one member, or to all but ourselves. */
  post(packet: BusPacket): void;
  /** Calls back when a member vanishes without a word, where the platform can tell. */
  watch?(id: PeerId, vanished: () => void): void;
  close(): void;
}

/** A packet as a server would send it down, and for whom. */
export interface BusPacket {
  readonly to: PeerId | undefined;
  readonly packet: Uint8Array;
}

/** Opens the bus of a room for one member. */
export type OpenBus = (room: string, id: PeerId, receive: (packet: BusPacket) => void) => Bus;

/** Signalling over a bus: for tabs of one browser, workers, tests. */
export function busSignaling(openBus: OpenBus, iceServers: readonly IceServer[] = []): Signaling {
  return {
    async join(join, events) {
      return new BusSession(openBus, iceServers, join, events);
    },
  };
}

class BusSession implements SignalingSession {
  readonly address: string;
  readonly #bus: Bus;
  readonly #join: SignalingJoin;
  readonly #room: SignalingEvents;
  /** What the packets mean here, where members speak for themselves. */
  readonly #fromBus: SignalingEvents;
  /** Who is here, and the box key of their join: one who joined again must be told of us again. */
  readonly #known = new Map<PeerId, string>();

  constructor(openBus: OpenBus, iceServers: readonly IceServer[], join: SignalingJoin, events: SignalingEvents) {
    this.#join = join;
    this.#room = events;
    this.#fromBus = { ...events, card: (card) => this.#meet(card), left: (id, reason) => this.#forget(id, reason) };
    this.#bus = openBus(join.room, join.identity.id, (packet) => this.#receive(packet));
    this.address = this.#bus.address;
    events.roster([], iceServers);
    // Whoever is here answers with their own card.
    this.#say(undefined, encodeControl({ t: "peer-joined", card: join.card() }));
  }

  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean {
    this.#say(to, encodeForwardPacket(kind, this.#join.identity.id, envelope));
    return true;
  }

  announce(card: SignedCard): void {
    this.#say(undefined, encodeControl({ t: "peer-updated", card }));
  }

  async leave(): Promise<void> {
    const id = peerKeyOf(this.#join.identity.id);
    this.#say(undefined, encodeControl({ t: "peer-left", id, reason: "left" }));
    this.#bus.close();
  }

  #say(to: PeerId | undefined, packet: Uint8Array): void {
    this.#bus.post({ to, packet });
  }

  #receive({ to, packet }: BusPacket): void {
    if (to !== undefined && to !== this.#join.identity.id) return;
    dispatchPacket(packet, this.#fromBus);
  }

  #meet(card: SignedCard): void {
    const read = readCard(card);
    if (!read.ok) return this.#room.rejected(read);
    const { id } = read.value;
    const box = toBase64Url(read.value.box);
    if (id === this.#join.identity.id) return;
    if (this.#known.get(id) !== box) {
      this.#known.set(id, box);
      this.#bus.watch?.(id, () => this.#forget(id, "lost"));
      // They may have come before us, or after: either way they now know ours.
      this.#say(id, encodeControl({ t: "peer-updated", card: this.#join.card() }));
    }
    this.#room.card(card);
  }

  #forget(id: PeerId, reason: string): void {
    if (this.#known.delete(id)) this.#room.left(id, reason);
  }
}
