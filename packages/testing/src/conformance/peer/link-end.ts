import { isDeepStrictEqual } from "node:util";
import {
  type Acknowledgement,
  concatBytes,
  dataRecordBytes,
  decode,
  decodeFrame,
  decodePayload,
  encode,
  encodeAcknowledgement,
  encodeHello,
  encodePayload,
  encodePing,
  encodePong,
  type Hello,
  type Payload,
  platformRandom,
  type WireRecord,
  writeData,
} from "@skein/protocol";
import { mustBe, Unmet } from "../kit/check.js";
import { Inbox } from "../kit/inbox.js";
import type { Wire } from "./wire.js";

type DataRecord = Extract<WireRecord, { type: "data" }>;

/** A payload as it came, and in which lane. */
export interface Said {
  readonly lane: number | "lossy";
  readonly payload: Payload;
}

const plenty = [2 ** 40, 2 ** 40, 2 ** 40];
/** Where nothing else is at stake. */
export const defaultLane = 1;

/** The other end of the peer's link, driven by hand: it numbers, acknowledges and answers unless it is told not to. */
export class LinkEnd {
  readonly link = platformRandom(8);
  /** The peer's end, once it said HELLO. */
  theirLink: Uint8Array | undefined;
  /** What we grant. */
  credit: readonly number[] = plenty;
  acknowledges = true;
  answersPings = true;
  /** How often the peer asked whether we are there. */
  pings = 0;
  /** The tokens that came back. */
  readonly pongs: number[] = [];
  /** The number that we expect next. */
  expected = 0;
  /** What the peer has told: its newest acknowledgement, and all of them. */
  told: Acknowledgement = { next: 0, credit: [0, 0, 0] };
  readonly allTold: (Acknowledgement & { /** How many we had sent by then. */ readonly sent: number })[] = [];
  /** Pieces of the peer's data, in the order they came, repeats included. */
  readonly data: DataRecord[] = [];
  /** What was wrong with what came. */
  readonly faults: string[] = [];
  readonly records: Inbox<WireRecord>;
  readonly said: Inbox<Said>;
  wire: Wire | undefined;
  /** Our data records, by number. */
  readonly #sent: Uint8Array[] = [];
  readonly #ours = new Map<string, number>();
  readonly #theirs = new Map<number, string>();
  readonly #partial = new Map<number, Uint8Array[]>();
  #requests = 0;
  #tokens = 1_000;

  constructor(timeoutMs: number) {
    this.records = new Inbox(timeoutMs, describeRecord);
    this.said = new Inbox(timeoutMs, ({ payload }) => `a payload of kind \`${payload.kind}\``);
  }

  /** How many records we sent. */
  get sent(): number {
    return this.#sent.length;
  }

  /** Listens to a channel, in place of the one before. */
  attach(wire: Wire): void {
    this.wire = wire;
    this.records.reopen();
    wire.listen((frame) => {
      if (this.wire !== wire) return;
      if (frame === undefined) this.records.end("the channel closed");
      else this.#take(frame);
    });
  }

  /** Says HELLO on a channel and waits for the peer's. @throws {Unmet} */
  async greet(wire: Wire, more: Partial<Hello> = {}): Promise<Hello> {
    this.attach(wire);
    this.send(encodeHello(this.hello(more)));
    return this.hearHello();
  }

  hello(more: Partial<Hello> = {}): Hello {
    return {
      link: this.link,
      ...(this.theirLink === undefined ? {} : { of: this.theirLink }),
      next: this.expected,
      credit: [...this.credit],
      protocols: { "skein.conformance": ["1.0.0"] },
      features: ["streams", "lossy"],
      ...more,
    };
  }

  async hearHello(): Promise<Hello> {
    return (await this.hear("hello")).hello;
  }

  /** The next record of a type. @throws {Unmet} */
  hear<Type extends WireRecord["type"]>(
    type: Type,
    fits: (record: Extract<WireRecord, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<WireRecord, { type: Type }>> {
    return this.records.take(
      `a record of type \`${type}\``,
      (record): record is Extract<WireRecord, { type: Type }> =>
        record.type === type && fits(record as Extract<WireRecord, { type: Type }>),
    );
  }

  send(frame: Uint8Array): void {
    this.wire?.send(frame);
  }

  /** Sends a message in pieces: of so many bytes each, and what is left. */
  say(payload: Payload | Uint8Array, lane = defaultLane, pieces: readonly number[] = [16_000]): void {
    for (const record of this.cut(payload, lane, pieces)) this.send(record);
  }

  /** The records of a message, numbered and kept, and not sent. */
  cut(payload: Payload | Uint8Array, lane = defaultLane, pieces: readonly number[] = [16_000]): Uint8Array[] {
    const whole = payload instanceof Uint8Array ? payload : encodePayload(payload);
    const made: Uint8Array[] = [];
    for (let offset = 0, i = 0; offset < whole.length; i++) {
      const length = Math.min(pieces[Math.min(i, pieces.length - 1)] as number, whole.length - offset);
      const body = whole.subarray(offset, offset + length);
      offset += length;
      made.push(this.#number(lane, offset === whole.length, body));
    }
    return made;
  }

  /** Sends one piece of a message. */
  sayPiece(lane: number, last: boolean, body: Uint8Array): void {
    this.send(this.#number(lane, last, body));
  }

  /** Sends again all records from a number on. */
  resend(from: number): void {
    for (const record of this.#sent.slice(from)) this.send(record);
  }

  /** The number of a type, bound in a lane on first use. */
  typeOf(name: string, lane: number = defaultLane): number {
    const key = `${name} ${lane}`;
    const known = this.#ours.get(key);
    if (known !== undefined) return known;
    const number = this.#ours.size;
    this.#ours.set(key, number);
    this.say({ kind: "bind", number, name: `skein.conformance/${name}` }, lane);
    return number;
  }

  message(name: string, body: unknown, lane: number = defaultLane, pieces?: readonly number[]): void {
    const type = this.typeOf(name, lane);
    this.say({ kind: "message", type, body: encoded(body) }, lane, pieces);
  }

  /** Asks something; gives the request's number. */
  request(name: string, body: unknown, lane: number = defaultLane): number {
    const type = this.typeOf(name, lane);
    const request = this.#requests++;
    this.say({ kind: "request", type, request, body: encoded(body) }, lane);
    return request;
  }

  /** The next message of a type that the peer bound. @throws {Unmet} unless its body is this one */
  async hearMessage(name: string, body: unknown): Promise<Said> {
    const said = await this.said.take(
      `the message \`${name}\``,
      ({ payload }) => payload.kind === "message" && this.nameOf(payload.type) === `skein.conformance/${name}`,
    );
    mustHold(said.payload, body, `\`${name}\``);
    return said;
  }

  /** What the peer calls a type. */
  nameOf(type: number): string | undefined {
    return this.#theirs.get(type);
  }

  /** @throws {Unmet} unless the request is answered, with this */
  async hearResponse(request: number, body: unknown): Promise<Said> {
    const said = await this.#hearAnswer(request);
    mustHold(said.payload, body, `a response to request ${request}`);
    return said;
  }

  /** @throws {Unmet} unless the request fails, with this code */
  async hearFailure(request: number, code: string): Promise<Extract<Payload, { kind: "failure" }>> {
    const { payload } = await this.#hearAnswer(request);
    const isRight = payload.kind === "failure" && payload.code === code;
    const came = payload.kind === "failure" ? `\`failure\` with \`${payload.code}\`` : `\`${payload.kind}\``;
    mustBe(isRight, `\`failure\` with \`${code}\``, came);
    return payload;
  }

  /** All that came before is dealt with: a request goes there and its answer back. @throws {Unmet} */
  async settle(what = `still there? ${this.sent}`): Promise<void> {
    await this.hearResponse(this.request("ask", what), what);
  }

  /** @throws {Unmet} unless the peer answers a ping of ours */
  async ping(): Promise<void> {
    const token = this.#tokens++;
    this.send(encodePing(token));
    await this.hear("pong", (pong) => pong.token === token);
  }

  /** @throws {Unmet} unless the peer acknowledges all before this number */
  async acknowledged(next = this.sent): Promise<void> {
    if (this.told.next >= next) return;
    await this.records.take(`an acknowledgement of all ${next} records`, () => this.told.next >= next);
  }

  /** @throws {Unmet} unless the peer closes the path for a violation */
  async hearRefusal(): Promise<void> {
    try {
      const { close } = await this.hear("close");
      mustBe(close.code === "bad-message", "`close` with `bad-message`", `\`close\` with \`${close.code}\``);
    } catch (error) {
      // A connection that is closed behind its last word may take that with it.
      if (this.wire?.kind !== "direct" || !this.records.isEnded) throw error;
    }
  }

  acknowledge(next = this.expected): void {
    this.send(encodeAcknowledgement({ next, credit: [...this.credit] }));
  }

  #number(lane: number, last: boolean, body: Uint8Array): Uint8Array {
    const record = dataRecord(this.#sent.length, lane, last, body);
    this.#sent.push(record);
    return record;
  }

  #hearAnswer(request: number): Promise<Said> {
    return this.said.take(
      `an answer to request ${request}`,
      ({ payload }) => (payload.kind === "response" || payload.kind === "failure") && payload.request === request,
    );
  }

  #take(frame: Uint8Array): void {
    if (frame.length > 65_536) this.faults.push(`a frame of ${frame.length} bytes`);
    const records = decodeFrame(frame);
    if (!records.ok) return void this.faults.push(`a frame that can't be read: ${records.reason}`);
    for (const record of records.value) {
      this.#handle(record);
      this.records.add(record);
    }
    if (this.acknowledges && records.value.some(({ type }) => type === "data")) this.acknowledge();
  }

  #handle(record: WireRecord): void {
    switch (record.type) {
      case "hello":
        this.theirLink = record.hello.link;
        return this.#hearTold(record.hello);
      case "acknowledgement":
        return this.#hearTold(record.acknowledgement);
      case "ping":
        this.pings++;
        if (this.answersPings) this.send(encodePong(record.token));
        return;
      case "pong":
        this.pongs.push(record.token);
        return;
      case "data":
        return this.#hearData(record);
      case "lossy":
        return this.#read("lossy", record.payload);
    }
  }

  #hearTold({ next, credit }: Acknowledgement): void {
    this.told = { next, credit };
    this.allTold.push({ next, credit, sent: this.sent });
  }

  #hearData(record: DataRecord): void {
    this.data.push(record);
    if (record.payload.length === 0) this.faults.push("an empty piece");
    if (record.sequence > this.expected) this.faults.push(`record ${record.sequence} where ${this.expected} was due`);
    if (record.sequence !== this.expected) return;
    this.expected++;
    const pieces = [...(this.#partial.get(record.lane) ?? []), record.payload];
    this.#partial.set(record.lane, record.last ? [] : pieces);
    if (record.last) this.#read(record.lane, concatBytes(...pieces));
  }

  #read(lane: Said["lane"], bytes: Uint8Array): void {
    const payload = decodePayload(bytes);
    if (!payload.ok) return void this.faults.push(`a payload that can't be read: ${payload.reason}`);
    if (payload.value.kind === "bind") this.#bind(payload.value.number, payload.value.name);
    this.said.add({ lane, payload: payload.value });
  }

  #bind(number: number, name: string): void {
    if (this.#theirs.has(number)) this.faults.push(`type number ${number} bound twice`);
    this.#theirs.set(number, name);
  }
}

export function dataRecord(sequence: number, lane: number, last: boolean, body: Uint8Array): Uint8Array {
  const record = new Uint8Array(dataRecordBytes(sequence, body.length));
  writeData(record, 0, sequence, { lane, last, body });
  return record;
}

function encoded(body: unknown): Uint8Array {
  return Uint8Array.from(encode(body));
}

function mustHold(payload: Payload, body: unknown, expected: string): void {
  if (!("body" in payload)) throw new Unmet(expected, `\`${payload.kind}\``);
  const value = decode(payload.body);
  const isRight = value.ok && isDeepStrictEqual(value.value, body);
  mustBe(isRight, `${expected} with the body that is due`, value.ok ? "another body" : "a body that can't be read");
}

export function describeRecord(record: WireRecord): string {
  switch (record.type) {
    case "close":
      return `\`close\` with \`${record.close.code}\``;
    case "data":
      return `\`data\` ${record.sequence}`;
    case "acknowledgement":
      return `an acknowledgement of ${record.acknowledgement.next}`;
    default:
      return `\`${record.type}\``;
  }
}
