import {
  type Card,
  encodeControl,
  encodeForwardPacket,
  type ForwardClass,
  type IceServer,
  type PeerId,
  peerKeyOf,
  readCard,
  type SignedCard,
  SkeinError,
  toBase64Url,
  verifyCard,
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
  watch?(member: BusMember, vanished: () => void): void;
  /** Leaves the bus. Nothing comes from it afterwards. */
  close(): void;
}

/** One join of one peer: the same identity may join again, and is another member then. */
export interface BusMember {
  readonly id: PeerId;
  /** The box key of the join, as text. */
  readonly join: string;
}

/** A packet as a server would send it down, and for whom. */
export interface BusPacket {
  readonly to: PeerId | undefined;
  readonly packet: Uint8Array;
}

/** Opens the bus of a room for one member. Calls `receive` only once it has given the bus. */
export type OpenBus = (room: string, member: BusMember, receive: (packet: BusPacket) => void) => Bus | Promise<Bus>;

/** Signalling over a bus: for tabs of one browser, workers, tests. */
export function busSignaling(openBus: OpenBus, iceServers: readonly IceServer[] = []): Signaling {
  return {
    async join(join, events) {
      const card = readCard(join.card());
      if (!card.ok) throw new SkeinError("bad-argument", `Our own card can't be read: ${card.reason}.`);
      let session: BusSession | undefined;
      const bus = await openBus(join.room, memberOf(card.value), (packet) => session?.receive(packet));
      if (join.signal?.aborted) {
        bus.close();
        throw new SkeinError("aborted", "The join was aborted by its caller.", { cause: join.signal.reason });
      }
      session = new BusSession(bus, card.value, join, events);
      session.enter(iceServers);
      return session;
    },
  };
}

class BusSession implements SignalingSession {
  readonly address: string;
  readonly #bus: Bus;
  readonly #own: Card;
  readonly #join: SignalingJoin;
  readonly #room: SignalingEvents;
  /** What the packets mean here, where members speak for themselves. */
  readonly #fromBus: SignalingEvents;
  /** Who is here, and by which join: one who joined again must be told of us again. */
  readonly #known = new Map<PeerId, string>();

  constructor(bus: Bus, own: Card, join: SignalingJoin, events: SignalingEvents) {
    this.address = bus.address;
    this.#bus = bus;
    this.#own = own;
    this.#join = join;
    this.#room = events;
    this.#fromBus = { ...events, card: (card) => this.#meet(card), left: (id, reason) => this.#forget(id, reason) };
  }

  enter(iceServers: readonly IceServer[]): void {
    this.#room.roster([], iceServers);
    // Whoever is here answers with their own card.
    this.#say(undefined, encodeControl({ t: "peer-joined", card: this.#join.card() }));
  }

  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean {
    this.#say(to, encodeForwardPacket(kind, this.#own.id, envelope));
    return true;
  }

  announce(card: SignedCard): void {
    this.#say(undefined, encodeControl({ t: "peer-updated", card }));
  }

  async leave(): Promise<void> {
    const id = peerKeyOf(this.#own.id);
    this.#say(undefined, encodeControl({ t: "peer-left", id, reason: "left" }));
    this.#bus.close();
  }

  receive({ to, packet }: BusPacket): void {
    if (to === undefined || to === this.#own.id) dispatchPacket(packet, this.#fromBus);
  }

  #say(to: PeerId | undefined, packet: Uint8Array): void {
    this.#bus.post({ to, packet });
  }

  #meet(card: SignedCard): void {
    const read = readCard(card);
    if (!read.ok) return this.#room.rejected(read);
    const member = memberOf(read.value);
    if (member.id === this.#own.id) {
      void this.#meetOurselves(card);
      return;
    }
    if (this.#known.get(member.id) !== member.join) {
      this.#known.set(member.id, member.join);
      this.#bus.watch?.(member, () => this.#vanish(member));
      // They may have come before us, or after: either way they now know ours.
      this.#say(member.id, encodeControl({ t: "peer-updated", card: this.#join.card() }));
    }
    this.#room.card(card);
  }

  #forget(id: PeerId, reason: string): void {
    if (this.#known.delete(id)) this.#room.left(id, reason);
  }

  /** Our identity joined again from somewhere else: the later join takes the place. Only our own signature says so. */
  async #meetOurselves(signed: SignedCard): Promise<void> {
    const verified = await verifyCard(signed);
    if (!verified.ok) return this.#room.rejected(verified);
    const card = verified.value;
    if (card.started <= this.#own.started || memberOf(card).join === memberOf(this.#own).join) return;
    this.#bus.close();
    this.#room.ended(new SkeinError("replaced", "The same identity joined this room again from somewhere else."));
  }

  #vanish({ id, join }: BusMember): void {
    // Not "lost", which leaves it to the link: a member whose lock ended is no more.
    if (this.#known.get(id) === join) this.#forget(id, "vanished");
  }
}

function memberOf({ id, box }: Card): BusMember {
  return { id, join: toBase64Url(box) };
}
