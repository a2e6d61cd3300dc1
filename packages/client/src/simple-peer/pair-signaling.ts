import {
  type Card,
  encodeControl,
  encodeForwardPacket,
  type ForwardClass,
  type PeerId,
  peerKeyOf,
  readCard,
  type SignedCard,
  SkeinError,
  toBase64Url,
} from "@skein/protocol";
import { Alarm } from "../clock.js";
import { deferred } from "../deferred.js";
import { dispatchPacket } from "../signaling/server-packets.js";
import type { Signaling, SignalingEvents, SignalingJoin, SignalingSession } from "../signaling/signaling.js";
import type { Carrier } from "./carrier.js";

/** How long the other side stays when its simple-peer is gone. It comes back by another, or not at all. */
const absentMs = 60_000;
/** How long the other side has to say that it heard us leave. */
const goodbyeMs = 1_000;

/** Signalling between the two ends of a simple-peer, over the simple-peer itself: each says of itself what a server would say. */
export function pairSignaling(carrier: Carrier): Signaling {
  return {
    async join(join, events) {
      if (join.signal?.aborted) {
        throw new SkeinError("aborted", "The join was aborted by its caller.", { cause: join.signal.reason });
      }
      return new PairSession(carrier, join, events);
    },
  };
}

/** The one other side: the same identity that joins again is another. */
interface Partner {
  readonly id: PeerId;
  readonly join: string;
}

class PairSession implements SignalingSession {
  readonly address = "a simple-peer";
  readonly #carrier: Carrier;
  readonly #join: SignalingJoin;
  readonly #own: Partner;
  readonly #room: SignalingEvents;
  readonly #fromPartner: SignalingEvents;
  readonly #alarm: Alarm;
  readonly #heard = deferred<void>();
  readonly #release: () => void;
  /** `waiting`: no simple-peer was connected yet · `away`: one was, and the other side hasn't shown itself on the next. */
  #phase: "waiting" | "here" | "away" = "waiting";
  #partner: Partner | undefined;

  constructor(carrier: Carrier, join: SignalingJoin, events: SignalingEvents) {
    this.#carrier = carrier;
    this.#join = join;
    this.#own = ownPartner(join);
    this.#room = events;
    this.#fromPartner = {
      ...events,
      card: (card) => this.#meet(card),
      left: (id) => this.#forget(id),
      // The other side's own words about itself: there is no server that could be lost to it.
      away: () => {},
    };
    this.#alarm = new Alarm(join.clock, () => this.#giveUp());
    this.#release = carrier.use("packets", {
      opened: () => this.#enter(),
      closed: (reason) => this.#lose(reason),
      received: (packet) => this.#receive(packet),
      drained: () => {},
    });
    if (carrier.isOpen) this.#enter();
  }

  forward(_to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean {
    return this.#say(encodeForwardPacket(kind, this.#own.id, envelope));
  }

  announce(card: SignedCard): void {
    this.#say(encodeControl({ t: "peer-updated", card }));
  }

  /** Waits until the other side has heard it: then all before it is there too, and the app may destroy the simple-peer. */
  async leave(): Promise<void> {
    const goodbye = encodeControl({ t: "peer-left", id: peerKeyOf(this.#own.id), reason: "left" });
    if (this.#partner !== undefined && this.#say(goodbye)) {
      const cancel = this.#join.clock.after(goodbyeMs, () => this.#heard.resolve());
      await this.#heard.promise;
      cancel();
    }
    this.#alarm.set(undefined);
    this.#release();
  }

  #enter(): void {
    if (this.#phase === "waiting") {
      this.#phase = "here";
      this.#room.roster([], []);
    }
    this.#say(encodeControl({ t: "peer-joined", card: this.#join.card() }));
  }

  #lose(reason: string): void {
    if (this.#phase === "here") {
      this.#phase = "away";
      this.#alarm.set(this.#join.clock.nowMs() + absentMs);
    }
    this.#room.disconnected(reason);
  }

  /** No other simple-peer came. */
  #giveUp(): void {
    const partner = this.#partner;
    this.#partner = undefined;
    if (partner !== undefined) this.#room.left(partner.id, "lost");
  }

  #receive(packet: Uint8Array): void {
    if (dispatchPacket(packet, this.#fromPartner)?.t === "pong") this.#heard.resolve();
  }

  #meet(card: SignedCard): void {
    const read = readCard(card);
    if (!read.ok) return this.#room.rejected(read);
    const partner = partnerOf(read.value);
    if (partner.id === this.#own.id) {
      return this.#room.rejected({ ok: false, code: "malformed", reason: "our own identity at the other side" });
    }
    const isNew = this.#partner?.id !== partner.id || this.#partner.join !== partner.join;
    const isBack = this.#phase === "away";
    if (isNew) this.#welcome(partner);
    // They may have begun to listen after we spoke.
    if (isNew || isBack) this.#say(encodeControl({ t: "peer-updated", card: this.#join.card() }));
    if (isBack) this.#return(card);
    else this.#room.card(card);
  }

  /** There is one other side: whoever it was before is gone. */
  #welcome(partner: Partner): void {
    if (this.#partner !== undefined && this.#partner.id !== partner.id) this.#room.left(this.#partner.id, "vanished");
    this.#partner = partner;
  }

  #return(card: SignedCard): void {
    this.#phase = "here";
    this.#alarm.set(undefined);
    this.#room.roster([card], []);
  }

  #forget(id: PeerId): void {
    if (this.#partner?.id !== id) return;
    this.#partner = undefined;
    this.#room.left(id, "left");
    this.#say(encodeControl({ t: "pong" }));
  }

  /** Whether there was a simple-peer to say it on. */
  #say(packet: Uint8Array): boolean {
    try {
      this.#carrier.send(packet);
      return true;
    } catch {
      return false;
    }
  }
}

function ownPartner(join: SignalingJoin): Partner {
  const card = readCard(join.card());
  if (!card.ok) throw new SkeinError("bad-argument", `Our own card can't be read: ${card.reason}.`);
  return partnerOf(card.value);
}

function partnerOf({ id, box }: Card): Partner {
  return { id, join: toBase64Url(box) };
}
