import {
  type AttachedPath,
  joinRoom,
  type PathProvider,
  type Room,
  type Signaling,
  type SignalingSession,
  webSocketSignaling,
} from "@skein/client";
import {
  createBoxKeyPair,
  createIdentity,
  type DirectionKeys,
  decodeFrame,
  decodeRelayPacket,
  deriveDirectionKeys,
  type EnvelopeContent,
  EnvelopeOpener,
  encodeAcknowledgement,
  encodeClose,
  encodeHello,
  encodeLossy,
  encodePing,
  encodePong,
  encodeRelayPacket,
  type ForwardClass,
  type PeerId,
  platformRandom,
  type RelayPacket,
  readCard,
  roomKeyOf,
  type SignedCard,
  sealEnvelope,
  type WireRecord,
} from "@skein/protocol";
import { relayFallback } from "@skein/relay-fallback";
import { answerConformance, conformance, holdCapability } from "./conformance-protocol.js";
import { dataRecord } from "./link-end.js";

/** Records in place of one that passes; undefined leaves it as it is. */
export type Meddle = (record: WireRecord) => readonly WireRecord[] | undefined;

/** Where a peer departs from the specification. What it makes is made anew for each peer that it meets. */
export interface PeerFaults {
  /** Of the records that come in and go out. */
  readonly records?: () => { readonly incoming?: Meddle; readonly outgoing?: Meddle };
  /** What a frame that came in is taken for. */
  readonly frame?: (frame: Uint8Array) => Uint8Array;
  /** What a relay packet that came in is taken for. */
  readonly packet?: () => (packet: RelayPacket) => RelayPacket;
  readonly envelopes?: EnvelopeFaults;
  /** In place of the handlers that a peer under test should have. */
  readonly answer?: (room: Room) => void;
  /** With a direct path. */
  readonly dials?: boolean;
}

export interface EnvelopeFaults {
  /** The counter that goes out in place of one. */
  readonly counter?: (counter: number) => number;
  /** Takes envelopes however often they come. */
  readonly forgetful?: boolean;
  /** What is sent besides, for a signal that came. */
  readonly reply?: () => (signal: Uint8Array) => Uint8Array | undefined;
}

/** A room with our own peer in it, which does wrong in one thing. */
export async function joinWrongly(server: string, room: string, faults: PeerFaults): Promise<Room> {
  const box = createBoxKeyPair();
  const identity = createIdentity();
  const lines = [box.secretKey];
  const joined = await joinRoom({
    signaling: new WrongSignaling(server, { room, id: identity.id, box }, faults.envelopes ?? {}),
    identity,
    room,
    protocols: [conformance],
    capabilities: [holdCapability],
    paths: [meddlingRelay(faults)],
    // What is drawn first is the box key: it is ours to know.
    random: (length) => lines.shift() ?? platformRandom(length),
  });
  (faults.answer ?? answerConformance)(joined);
  return joined;
}

function meddlingRelay({ records, frame, packet, dials = false }: PeerFaults): PathProvider {
  const real = relayFallback({ policy: dials ? "fallback" : "only" });
  return {
    kind: "relay",
    replacesDirect: !dials,
    attach: (world) => {
      const { incoming, outgoing } = records?.() ?? {};
      const inner = real.attach({
        ...world,
        open: (sink) => {
          const path = world.open({
            get bufferedAmount() {
              return sink.bufferedAmount;
            },
            send: (bytes) => sink.send(meddled(bytes, outgoing)),
          });
          return {
            receive: (bytes) => path.receive(meddled(frame?.(bytes) ?? bytes, incoming)),
            resume: () => path.resume(),
            lose: (reason) => path.lose(reason),
          };
        },
      });
      return inner && withPackets(inner, packet?.());
    },
  };
}

function withPackets(inner: AttachedPath, change: ((packet: RelayPacket) => RelayPacket) | undefined): AttachedPath {
  if (change === undefined) return inner;
  return {
    direct: (news) => inner.direct(news),
    receive: (body) => {
      const packet = decodeRelayPacket(body);
      inner.receive(packet.ok ? encodeRelayPacket(change(packet.value)) : body);
    },
    undeliverable: (reason) => inner.undeliverable(reason),
    server: (news) => inner.server(news),
    lost: (reason) => inner.lost(reason),
    close: () => inner.close(),
  };
}

/** The frame as it was where nothing in it is changed. */
function meddled(frame: Uint8Array, meddle: Meddle | undefined): Uint8Array {
  const records = decodeFrame(frame);
  if (meddle === undefined || !records.ok) return frame;
  let isChanged = false;
  const bytes: number[] = [];
  for (const record of records.value) {
    const instead = meddle(record);
    isChanged ||= instead !== undefined;
    for (const each of instead ?? [record]) bytes.push(...encodeRecord(each));
  }
  return isChanged ? Uint8Array.from(bytes) : frame;
}

function encodeRecord(record: WireRecord): Uint8Array {
  switch (record.type) {
    case "hello":
      return encodeHello(record.hello);
    case "data":
      return dataRecord(record.sequence, record.lane, record.last, record.payload);
    case "acknowledgement":
      return encodeAcknowledgement(record.acknowledgement);
    case "ping":
      return encodePing(record.token);
    case "pong":
      return encodePong(record.token);
    case "close":
      return encodeClose(record.close);
    case "lossy":
      return encodeLossy(record.sequence, record.payload);
  }
}

interface Self {
  readonly room: string;
  readonly id: PeerId;
  readonly box: ReturnType<typeof createBoxKeyPair>;
}

/** Signalling that opens the envelopes that pass, and seals them again as a fault has it. */
class WrongSignaling implements Signaling {
  readonly #real: Signaling;
  readonly #self: Self;
  readonly #faults: EnvelopeFaults;
  readonly #keys = new Map<PeerId, DirectionKeys>();
  readonly #replies = new Map<PeerId, ReturnType<NonNullable<EnvelopeFaults["reply"]>>>();
  #taken = 0;

  constructor(url: string, self: Self, faults: EnvelopeFaults) {
    this.#real = webSocketSignaling({ url });
    this.#self = self;
    this.#faults = faults;
  }

  join: Signaling["join"] = async (join, events) => {
    let session: SignalingSession | undefined;
    const inner = await this.#real.join(join, {
      roster: (cards, ice) => {
        for (const card of cards) this.#meet(card);
        events.roster(cards, ice);
      },
      iceServers: (ice) => events.iceServers(ice),
      card: (card) => {
        this.#meet(card);
        events.card(card);
      },
      away: (id) => events.away(id),
      left: (id, reason) => events.left(id, reason),
      envelope: (from, kind, envelope) => {
        const reply = this.#replyTo(from, envelope);
        if (reply !== undefined) session?.forward(from, "signal", reply);
        events.envelope(from, kind, this.#incoming(from, envelope));
      },
      undeliverable: (to, reason, kind) => events.undeliverable(to, reason, kind),
      disconnected: (reason) => events.disconnected(reason),
      complaint: (error) => events.complaint(error),
      ended: (error) => events.ended(error),
      rejected: (rejection) => events.rejected(rejection),
    });
    session = inner;
    return {
      address: inner.address,
      forward: (to: PeerId, kind: ForwardClass, envelope: Uint8Array) =>
        inner.forward(to, kind, this.#outgoing(to, envelope)),
      announce: (card) => inner.announce(card),
      leave: () => inner.leave(),
    };
  };

  #meet(signed: SignedCard): void {
    const card = readCard(signed);
    if (!card.ok) return;
    const { room, id, box } = this.#self;
    const theirs = { theirId: card.value.id, theirBox: card.value.box };
    this.#keys.set(
      card.value.id,
      deriveDirectionKeys({ room, roomKey: roomKeyOf(undefined), myId: id, myBox: box, ...theirs }),
    );
  }

  #incoming(from: PeerId, envelope: Uint8Array): Uint8Array {
    const keys = this.#keys.get(from);
    const opened =
      keys === undefined || !this.#faults.forgetful ? undefined : new EnvelopeOpener(keys.open).open(envelope);
    return opened?.ok ? sealAgain(keys?.open as Uint8Array, this.#taken++, opened.value) : envelope;
  }

  #outgoing(to: PeerId, envelope: Uint8Array): Uint8Array {
    const { counter } = this.#faults;
    const keys = this.#keys.get(to);
    if (keys === undefined || counter === undefined) return envelope;
    const opened = new EnvelopeOpener(keys.seal).open(envelope);
    const number = Number(new DataView(envelope.buffer, envelope.byteOffset).getBigUint64(0));
    return opened.ok ? sealAgain(keys.seal, counter(number), opened.value) : envelope;
  }

  #replyTo(from: PeerId, envelope: Uint8Array): Uint8Array | undefined {
    const { reply } = this.#faults;
    const keys = this.#keys.get(from);
    if (reply === undefined || keys === undefined) return undefined;
    const opened = new EnvelopeOpener(keys.open).open(envelope);
    if (!opened.ok || opened.value.content !== "signal") return undefined;
    const answer = this.#replies.get(from) ?? reply();
    this.#replies.set(from, answer);
    const body = answer(opened.value.body);
    // Far from the counters that the peer itself uses.
    return body && sealEnvelope(keys.seal, 2 ** 40 + this.#taken++, "signal", body);
  }
}

function sealAgain(
  key: Uint8Array,
  counter: number,
  { content, body }: { content: EnvelopeContent; body: Uint8Array },
) {
  return sealEnvelope(key, counter, content, body);
}
