import { connect, type Socket } from "node:net";
import {
  type Card,
  type ClientMessage,
  createBoxKeyPair,
  createIdentity,
  decodePacket,
  decodeServerMessage,
  encodeControl,
  encodeForwardPacket,
  type ForwardClass,
  type Identity,
  type PeerId,
  proveJoin,
  readCard,
  type ServerMessage,
  type SignedCard,
  signCard,
  webSocketProtocol,
} from "@skein/protocol";
import WebSocket, { type ClientOptions } from "ws";
import type { Clock } from "./clock.js";

/** What a client heard: a control message, a forward, or something that it couldn't read. */
export type Heard =
  | ServerMessage
  | { readonly t: "forward"; readonly class: ForwardClass; readonly from: PeerId; readonly envelope: Uint8Array }
  | { readonly t: "unreadable"; readonly reason: string };

export type HeardOf<T extends Heard["t"]> = Extract<Heard, { readonly t: T }>;

/** A client that says just what it is told to, and keeps what it hears until someone asks. */
export class RawClient {
  readonly socket: WebSocket;
  /** Everything, in order. */
  readonly heard: Heard[] = [];
  /** Resolves with the code of the closed WebSocket. */
  readonly closed: Promise<number>;
  readonly #stream: Socket;
  #taken = 0;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(url: string, options: ClientOptions = {}, protocols: readonly string[] = [webSocketProtocol]) {
    const { hostname, port } = new URL(url);
    this.#stream = connect(Number(port), hostname);
    this.socket = new WebSocket(url, [...protocols], { ...options, createConnection: () => this.#stream });
    this.socket.on("message", (data, isBinary) => this.#hear(data as Buffer, isBinary));
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code) => {
        this.#isClosed = true;
        this.#wake();
        resolve(code);
      });
    });
  }

  /** The next message of this type that nobody has asked for yet; what comes before it is passed over. */
  async next<T extends Heard["t"]>(type: T): Promise<HeardOf<T>> {
    for (;;) {
      while (this.#taken < this.heard.length) {
        const message = this.heard[this.#taken++] as Heard;
        if (message.t === type) return message as HeardOf<T>;
      }
      if (this.#isClosed) throw new Error(`closed while waiting for ${type}; heard ${this.heard.map(({ t }) => t)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** What came since the last message that was asked for. */
  get rest(): readonly Heard[] {
    return this.heard.slice(this.#taken);
  }

  say(message: ClientMessage): void {
    this.send(encodeControl(message));
  }

  send(packet: Uint8Array | string): void {
    this.socket.send(packet);
  }

  /** What is said meanwhile reaches the server in one piece. */
  together(say: () => void): void {
    this.#stream.cork();
    say();
    this.#stream.uncork();
  }

  /** A message that the server answers in order: what it had to say before has come by then. */
  async settle(): Promise<void> {
    this.say({ t: "ping" });
    await this.next("pong");
  }

  #hear(data: Buffer, isBinary: boolean): void {
    this.heard.push(isBinary ? read(data) : { t: "unreadable", reason: "text" });
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function read(data: Buffer): Heard {
  const packet = decodePacket(data);
  if (!packet.ok) return { t: "unreadable", reason: packet.reason };
  if (packet.value.kind === "forward") {
    const { class: kind, peer, envelope } = packet.value;
    return { t: "forward", class: kind, from: peer, envelope };
  }
  const message = decodeServerMessage(packet.value.body);
  return message.ok ? message.value : { t: "unreadable", reason: message.reason };
}

/** One who joins: an identity, and the box key of this join. */
export class Persona {
  readonly identity: Identity;
  readonly box: Uint8Array;

  constructor(identity: Identity = createIdentity(), box: Uint8Array = createBoxKeyPair().publicKey) {
    this.identity = identity;
    this.box = box;
  }

  get id(): PeerId {
    return this.identity.id;
  }

  /** The same identity in another join. */
  again(): Persona {
    return new Persona(this.identity);
  }

  card(more: Partial<Card> = {}): Promise<SignedCard> {
    const card = { id: this.id, box: this.box, started: 1, caps: [], protocols: {}, n: 0, ...more };
    return signCard(this.identity, card);
  }

  async join(nonce: Uint8Array, room: string, card?: SignedCard): Promise<Extract<ClientMessage, { t: "join" }>> {
    const signed = card ?? (await this.card());
    return { t: "join", room, card: signed, proof: await proveJoin(this.identity, nonce, room, signed) };
  }
}

export interface Member {
  readonly persona: Persona;
  readonly client: RawClient;
  /** Who was there already, in order. */
  readonly roster: readonly PeerId[];
  forward(to: PeerId, envelope: Uint8Array, kind?: ForwardClass): void;
}

/** Goes all the way into a room. */
export async function enter(
  url: string,
  {
    persona = new Persona(),
    room = "lab",
    card,
    token,
    options,
  }: { persona?: Persona; room?: string; card?: SignedCard; token?: string; options?: ClientOptions } = {},
): Promise<Member> {
  const client = new RawClient(url, options);
  const { nonce } = await client.next("challenge");
  client.say({ ...(await persona.join(nonce, room, card)), ...(token === undefined ? {} : { token }) });
  const joined = await client.next("joined");
  const batches = client.heard.filter((message) => message.t === "peers").flatMap(({ peers }) => peers);
  return {
    persona,
    client,
    roster: [...batches, ...joined.peers].map(idOf),
    forward: (to, envelope, kind = "signal") => client.send(encodeForwardPacket(kind, to, envelope)),
  };
}

export function idOf(signed: SignedCard): PeerId {
  const card = readCard(signed);
  if (!card.ok) throw new Error(card.reason);
  return card.value.id;
}

/** Two members of a room that must be able to go on whatever others do. */
export class HealthyPair {
  readonly first: Member;
  readonly second: Member;
  #said = 0;

  private constructor(first: Member, second: Member) {
    this.first = first;
    this.second = second;
  }

  static async enter(url: string, room = "lab"): Promise<HealthyPair> {
    return new HealthyPair(await enter(url, { room }), await enter(url, { room }));
  }

  /** Each says something to the other, and hears it. */
  async talk(): Promise<void> {
    await this.#say(this.first, this.second);
    await this.#say(this.second, this.first);
  }

  async #say(from: Member, to: Member): Promise<void> {
    const word = ++this.#said;
    from.forward(to.persona.id, Uint8Array.of(word >> 8, word & 0xff));
    for (;;) {
      const { from: source, envelope } = await to.client.next("forward");
      if (source === from.persona.id && envelope[0] === word >> 8 && envelope[1] === (word & 0xff)) return;
    }
  }
}

/** Something to wait for, and what ends the wait. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs = 1_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_790_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many callbacks wait. */
  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}
