import {
  type Card,
  decode,
  encode,
  limits,
  type MessageDefinition,
  type Messenger,
  type MessengerPeer,
  type MessengerPeerEvent,
  type PeerId,
  peerIdOf,
  SkeinError,
  type Unsubscribe,
  validate,
} from "@skein/protocol";
import { Random } from "./random.test-support.js";
import type { VirtualClock } from "./virtual-clock.test-support.js";

/** One way of a link. What is in it comes out in order, each after a delay; or never, where the link is cut before. */
interface Way {
  clearMs: number;
  /** Sent, and not dealt with by the other side. */
  open: number;
  /** Senders that wait for room. */
  readonly waiting: { resolve(): void; reject(error: SkeinError): void }[];
}

/** A sender waits where more than this is under way, as a link's window has it. */
const openMost = 16;

const newWay = (): Way => ({ clearMs: 0, open: 0, waiting: [] });
const lost = () => new SkeinError("link-lost", "The link is lost.");

interface Link {
  readonly ways: ReadonlyMap<PeerId, Way>;
  state: "up" | "cut";
}

type Run = (body: unknown, from: MessengerPeer) => unknown;

/**
 * Messengers that reach each other through one memory. In order and exactly once while a link lasts, as the interface
 * promises; a link that is cut loses what is under way, and its two ends see that at different times.
 */
export class MemoryNetwork {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly #nodes = new Map<PeerId, MemoryMessenger>();
  readonly #links = new Map<string, Link>();
  /** From the sending of a message to its arrival. */
  delayMs: (random: Random) => number = () => 1;
  /** From a link's cut to an end's seeing it. */
  noticeMs: (random: Random) => number = () => 0;
  /** Messages that were sent. */
  sent = 0;

  constructor(clock: VirtualClock, seed = 1) {
    this.clock = clock;
    this.random = new Random(seed);
  }

  get nodes(): Iterable<MemoryMessenger> {
    return this.#nodes.values();
  }

  idOf(number: number): PeerId {
    return peerIdOf(new Uint8Array(32).fill(number));
  }

  /** A new process under an identity; it is linked to all others. */
  join(number: number, card: Partial<Card> = {}): MemoryMessenger {
    const id = this.idOf(number);
    const node = new MemoryMessenger(this, {
      id,
      box: new Uint8Array(32),
      started: this.clock.wallMs(),
      caps: [],
      protocols: {},
      n: 0,
      ...card,
    });
    const others = [...this.#nodes.values()];
    this.#nodes.set(id, node);
    for (const other of others) this.connect(node.id, other.id);
    return node;
  }

  /** A process ends at once: it says nothing any more, and others notice later. */
  crash(id: PeerId): void {
    const node = this.#nodes.get(id);
    this.#nodes.delete(id);
    node?.die();
    for (const other of this.#nodes.values()) this.cut(id, other.id);
  }

  /** The link between two is lost, with what is under way. */
  cut(a: PeerId, b: PeerId): void {
    const link = this.#links.get(pairOf(a, b));
    if (link === undefined || link.state === "cut") return;
    link.state = "cut";
    for (const { waiting } of link.ways.values()) for (const { reject } of waiting.splice(0)) reject(lost());
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      this.clock.after(this.noticeMs(this.random), () => this.#nodes.get(here)?.lose(there, link));
    }
  }

  /** They have a link again, once both have noticed that the one before is lost. */
  connect(a: PeerId, b: PeerId): void {
    const [first, second] = [this.#nodes.get(a), this.#nodes.get(b)];
    if (first === undefined || second === undefined || this.#links.get(pairOf(a, b))?.state === "up") return;
    first.lose(b);
    second.lose(a);
    const link: Link = {
      state: "up",
      ways: new Map([
        [a, newWay()],
        [b, newWay()],
      ]),
    };
    this.#links.set(pairOf(a, b), link);
    first.reach(second.card, link);
    second.reach(first.card, link);
  }

  /** @internal */
  carry(from: MemoryMessenger, to: PeerId, link: Link, name: string, bytes: Uint8Array): Promise<void> {
    this.sent++;
    const way = link.ways.get(to) as Way;
    way.clearMs = Math.max(way.clearMs, this.clock.nowMs() + this.delayMs(this.random));
    way.open++;
    this.clock.after(way.clearMs - this.clock.nowMs(), async () => {
      if (link.state === "up") await this.#nodes.get(to)?.receive(from.card, link, name, bytes);
      way.open--;
      if (way.open < openMost) way.waiting.shift()?.resolve();
    });
    if (way.open <= openMost) return Promise.resolve();
    return new Promise((resolve, reject) => way.waiting.push({ resolve, reject }));
  }
}

function pairOf(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

export class MemoryMessenger implements Messenger {
  readonly id: PeerId;
  readonly #network: MemoryNetwork;
  readonly #handlers = new Map<string, { readonly definition: MessageDefinition; readonly run: Run }>();
  readonly #listeners = new Set<(event: MessengerPeerEvent) => void>();
  readonly #peers = new Map<PeerId, MessengerPeer>();
  readonly #links = new Map<PeerId, Link>();
  #card: Card;
  #state: "alive" | "dead" = "alive";
  /** What came that nobody took: no handler, or not as its schema has it. */
  refused = 0;

  constructor(network: MemoryNetwork, card: Card) {
    this.#network = network;
    this.#card = card;
    this.id = card.id;
  }

  get card(): Card {
    return this.#card;
  }

  get peers(): ReadonlyMap<PeerId, MessengerPeer> {
    return this.#peers;
  }

  async send<Input>(
    to: PeerId | MessengerPeer,
    definition: MessageDefinition<Input, unknown>,
    body: Input,
  ): Promise<void> {
    const id = typeof to === "string" ? to : to.id;
    if (this.#state === "dead") return new Promise(() => {});
    const link = this.#links.get(id);
    if (link === undefined) throw new SkeinError("no-such-peer", "No such peer.");
    const fits = validate(definition.schema, body);
    if (!fits.ok) throw new SkeinError("bad-body", `The body of ${definition.name} doesn't fit: ${fits.reason}.`);
    const bytes = Uint8Array.from(encode(body));
    if (bytes.length > limits.messageBytes)
      throw new SkeinError("too-large", `The body of ${definition.name} is too large.`);
    if (link.state === "up") await this.#network.carry(this, id, link, definition.name, bytes);
  }

  async request<Reply>(): Promise<Reply> {
    throw new SkeinError("no-handler", "This messenger carries no requests.");
  }

  handle(definition: { readonly name: string }, handler: unknown): Unsubscribe {
    if (this.#handlers.has(definition.name)) throw new SkeinError("bad-argument", "It has a handler.");
    this.#handlers.set(definition.name, { definition: definition as MessageDefinition, run: handler as Run });
    return () => this.#handlers.delete(definition.name);
  }

  onPeer(listener: (event: MessengerPeerEvent) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @internal */
  reach(card: Card, link: Link): void {
    this.#peers.set(card.id, { id: card.id, card });
    this.#links.set(card.id, link);
    this.#tell({ type: "reachable", peer: { id: card.id, card } });
  }

  /** @internal */
  lose(id: PeerId, link = this.#links.get(id)): void {
    const peer = this.#peers.get(id);
    if (peer === undefined || this.#links.get(id) !== link) return;
    this.#peers.delete(id);
    this.#links.delete(id);
    this.#tell({ type: "gone", peer });
  }

  /** @internal */
  async receive(from: Card, link: Link, name: string, bytes: Uint8Array): Promise<void> {
    const handler = this.#handlers.get(name);
    const peer = this.#peers.get(from.id);
    if (this.#state === "dead" || peer === undefined || this.#links.get(from.id) !== link) return;
    const value = decode(bytes);
    const fits = handler !== undefined && value.ok ? validate(handler.definition.schema, value.value) : undefined;
    if (handler === undefined || !fits?.ok) {
      this.refused++;
      return;
    }
    await handler.run(fits.value, peer);
  }

  /** @internal */
  die(): void {
    this.#state = "dead";
    this.#listeners.clear();
    this.#handlers.clear();
  }

  #tell(event: MessengerPeerEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
