import {
  type Card,
  type Decoded,
  type DirectionKeys,
  decodeRelayPacket,
  decodeSignal,
  deriveDirectionKeys,
  type EnvelopeContent,
  EnvelopeOpener,
  encodeRelayPacket,
  encodeSignal,
  type ForwardClass,
  type PeerId,
  type RelayPacket,
  roomKeyOf,
  type Signal,
  sealEnvelope,
} from "@skein/protocol";
import { Inbox } from "../kit/inbox.js";
import type { Member } from "../kit/member.js";

type Candidates = Extract<Signal, { t: "candidates" }>;

/** One visitor to the room, and what it has with the peer under test: the two keys, and what came under them. */
export class Visit {
  readonly member: Member;
  readonly peer: Card;
  readonly keys: DirectionKeys;
  /** All but candidates. */
  readonly signals: Inbox<Exclude<Signal, Candidates>>;
  /** The same, whoever took them. */
  readonly allSignals: Signal[] = [];
  /** Relay packets that no {@link RelayWire} takes. */
  readonly relayed: Inbox<RelayPacket>;
  /** Every envelope of the peer's, as it came. */
  readonly envelopes: { readonly class: ForwardClass; readonly bytes: Uint8Array }[] = [];
  /** What was wrong with what came. */
  readonly faults: string[] = [];
  /** Told where the peer gives up a connection. */
  onBye: ((generation: number) => void) | undefined;
  /** The highest channel and generation that either side has used. */
  channel = 0;
  generation = 0;
  #candidates: Candidates[] = [];
  #candidatesTo: ((signal: Candidates) => void) | undefined;
  #relayTo: ((packet: RelayPacket) => void) | undefined;
  #counter = 0;

  constructor(member: Member, peer: Card, timeoutMs: number, secret: string | undefined) {
    this.member = member;
    this.peer = peer;
    this.keys = this.keysIn(member.room, secret);
    this.signals = new Inbox(timeoutMs, ({ t, g }) => `\`${t}\` of generation ${g}`);
    this.relayed = new Inbox(timeoutMs, describePacket);
    member.connection.listen((heard) => {
      if (heard.t === "forward" && heard.from === peer.id) this.#take(heard.class, heard.envelope);
    });
    void member.connection.closed.then((code) => {
      for (const inbox of [this.signals, this.relayed]) inbox.end(`the server closed with ${code}`);
    });
  }

  get id(): PeerId {
    return this.member.persona.id;
  }

  keysIn(room: string, secret: string | undefined): DirectionKeys {
    const { persona } = this.member;
    return deriveDirectionKeys({
      room,
      roomKey: roomKeyOf(secret),
      myId: persona.id,
      myBox: persona.box,
      theirId: this.peer.id,
      theirBox: this.peer.box,
    });
  }

  /** A counter that wasn't used before, and leaves out so many. */
  nextCounter(leaveOut = 0): number {
    this.#counter += leaveOut;
    return this.#counter++;
  }

  seal(
    content: EnvelopeContent,
    body: Uint8Array,
    counter = this.nextCounter(),
    key: Uint8Array = this.keys.seal,
  ): Uint8Array {
    return sealEnvelope(key, counter, content, body);
  }

  /** An envelope of a content that version 1 doesn't know. */
  sealUnknown(body: Uint8Array): Uint8Array {
    // What isn't in the encoder's table becomes content 0.
    return this.seal("later" as EnvelopeContent, body);
  }

  /** Sends an envelope as it is. */
  sendEnvelope(kind: ForwardClass, envelope: Uint8Array): void {
    this.member.forward(this.peer.id, envelope, kind);
  }

  sendSignal(signal: Signal): void {
    this.generation = Math.max(this.generation, signal.g);
    this.sendEnvelope("signal", this.seal("signal", encodeSignal(signal)));
  }

  sendRelay(packet: RelayPacket): void {
    this.channel = Math.max(this.channel, packet.channel);
    this.sendEnvelope("relay", this.seal("frame", encodeRelayPacket(packet)));
  }

  /** From now on relay packets go here, and those that nobody took go first. */
  relayTo(take: (packet: RelayPacket) => void): void {
    this.#relayTo = take;
  }

  /** Candidates go here, those that came before first. */
  candidatesTo(take: (signal: Candidates) => void): void {
    this.#candidatesTo = take;
    for (const signal of this.#candidates.splice(0)) take(signal);
  }

  #take(kind: ForwardClass, envelope: Uint8Array): void {
    this.envelopes.push({ class: kind, bytes: envelope });
    // An opener of its own for each: whether a counter comes again is for a check to say.
    const opened = new EnvelopeOpener(this.keys.open).open(envelope);
    if (!opened.ok) return void this.faults.push(`an envelope that doesn't open: ${opened.reason}`);
    const { content, body } = opened.value;
    if (kind === "signal" && content === "signal") this.#read(decodeSignal(body), (signal) => this.#signal(signal));
    else if (kind === "relay" && content === "frame")
      this.#read(decodeRelayPacket(body), (packet) => this.#relay(packet));
    else this.faults.push(`a ${content} in a forward of class ${kind}`);
  }

  #read<Value>(decoded: Decoded<Value>, take: (value: Value) => void): void {
    if (decoded.ok) take(decoded.value);
    else this.faults.push(decoded.reason);
  }

  #signal(signal: Signal): void {
    this.generation = Math.max(this.generation, signal.g);
    this.allSignals.push(signal);
    if (signal.t === "bye") this.onBye?.(signal.g);
    if (signal.t !== "candidates") return this.signals.add(signal);
    if (this.#candidatesTo === undefined) this.#candidates.push(signal);
    else this.#candidatesTo(signal);
  }

  #relay(packet: RelayPacket): void {
    this.channel = Math.max(this.channel, packet.channel);
    if (this.#relayTo === undefined) this.relayed.add(packet);
    else this.#relayTo(packet);
  }
}

export function describePacket({ channel, index, frame }: RelayPacket): string {
  return `frame ${index} of channel ${channel} with ${frame.length} bytes`;
}
