import {
  type Card,
  equalBytes,
  type ForwardClass,
  type MessageDefinition,
  type PeerId,
  type ProtocolVersions,
  type Rejected,
  type RequestOptions,
  SkeinError,
} from "@skein/protocol";
import type { PathKind } from "../core/path-chooser.js";
import { deferred } from "../deferred.js";
import type { CandidatePair } from "../direct/connection.js";
import { failed } from "../failure.js";
import { checkBody } from "../link/bodies.js";
import { linkLost } from "../link/conversation.js";
import { Exchange } from "../link/exchange.js";
import { Link } from "../link/link.js";
import type { PathNews } from "../link/link-listener.js";
import type { LinkTraffic } from "../link/traffic.js";
import { Attachments } from "./attachments.js";
import { Listing } from "./listing.js";
import { OwnDirectPath } from "./own-direct-path.js";
import type { Pair } from "./pairs.js";
import type { Peer } from "./peer.js";
import type { RemotePeerWorld } from "./remote-peer-world.js";
import { WaitingRoom } from "./waiting-room.js";

/** How long a goodbye may take. */
const goodbyeMs = 1_000;

/** Whether messages go. */
type State =
  | { readonly phase: "connecting" }
  /** The link is up; whether a path carries it at the moment is the link's to know. */
  | { readonly phase: "connected"; readonly exchange: Exchange }
  | { readonly phase: "gone" };

/** All that belongs to one other peer of a room: its keys, its direct path, its link. */
export class RemotePeer implements Peer {
  readonly id: PeerId;
  readonly #world: RemotePeerWorld;
  readonly #metMs: number;
  readonly #link: Link;
  readonly #attachments: Attachments;
  readonly #direct: OwnDirectPath;
  readonly #listing: Listing;
  readonly #waiting: WaitingRoom<Exchange>;
  #card: Card;
  #now: State = { phase: "connecting" };
  #sinceMs: number;
  #openMs: number | undefined;
  readonly #rejected = (rejection: Rejected) => this.#world.rejected(rejection, this.id);

  constructor(world: RemotePeerWorld, card: Card, pair: Pair) {
    this.id = card.id;
    this.#world = world;
    this.#card = card;
    this.#metMs = world.clock.nowMs();
    this.#sinceMs = world.clock.wallMs();
    this.#waiting = new WaitingRoom(world.clock, `link to peer ${card.id}`);
    this.#link = new Link({
      clock: world.clock,
      random: world.random,
      protocols: world.protocols,
      listener: {
        up: (theirs, features) => this.#linkUp(theirs, features),
        message: (lane, message) =>
          this.#now.phase === "connected" ? this.#now.exchange.receive(lane, message) : undefined,
        pathChanged: (reason) => this.#pathChanged(reason),
        pathNews: (kind, news, reason) => this.#handlePathNews(kind, news, reason),
        lost: (error) => this.#linkLost(error),
        left: () => this.#world.gone(this, "left"),
        rejected: this.#rejected,
      },
    });
    const of = { peer: this, pair, link: this.#link, rejected: this.#rejected };
    this.#attachments = new Attachments(world, of);
    this.#direct = new OwnDirectPath(world, { ...of, attachments: this.#attachments });
    this.#listing = new Listing(world.clock, this.#link, () => world.gone(this, "lost"));
  }

  get card(): Card {
    return this.#card;
  }

  get state(): Peer["state"] {
    return this.#now.phase;
  }

  /** Since when it is in its state, in milliseconds since 1970. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Between which kinds of candidates the direct path ran when it began to answer. */
  get candidates(): CandidatePair | undefined {
    return this.#direct.candidates;
  }

  get path(): PathKind | undefined {
    return this.#link.carriedBy;
  }

  get rttMs(): number | undefined {
    return this.#link.rttMs;
  }

  get openMs(): number | undefined {
    return this.#openMs;
  }

  get traffic(): LinkTraffic {
    return this.#link.traffic;
  }

  start(): void {
    this.#direct.start();
  }

  /** Whether a card is of this very join of the peer. */
  isOf(card: Card): boolean {
    return equalBytes(card.box, this.#card.box);
  }

  /** Takes a card of the same join; false where it is no newer. That it came says that the peer is at the server. */
  update(card: Card): boolean {
    this.#listing.list();
    this.#attachments.server("back");
    if (card.n <= this.#card.n) return false;
    this.#card = card;
    return true;
  }

  receiveEnvelope(kind: ForwardClass, envelope: Uint8Array): void {
    if (kind === "relay") this.#attachments.receive(envelope);
    else this.#direct.receive(envelope);
  }

  /** A forward of ours to it went nowhere. Of signals, the attempt's own deadline makes up for it, or its offer does. */
  undeliverable(reason: string, kind: ForwardClass | undefined): void {
    if (kind !== "relay") this.#direct.undelivered();
    if (kind !== "signal") this.#attachments.undeliverable(reason);
  }

  /** The peer lost its server. Its link may live; ask it. */
  doubt(): void {
    this.#link.doubt();
  }

  /** The server gave its place up. A link that still answers keeps it here. */
  unlist(): void {
    this.#listing.unlist();
  }

  /** The server is back, and doesn't list it. It may have left meanwhile, or not be back itself. */
  miss(): void {
    this.#listing.miss();
  }

  /** Our connection to the server is lost. */
  loseServer(): void {
    this.#attachments.server("away");
    this.#link.doubt();
  }

  /** The network may be another one: whatever path there is may be dead, and nobody told us. */
  networkChanged(reason: string): void {
    if (this.#now.phase === "gone") return;
    this.#link.denounce("direct", reason);
    this.#link.denounce("relay", reason);
    this.#direct.renew(reason);
  }

  /** The server is back, or the peer is back at it: what went between may be lost, and can go again. */
  retry(): void {
    if (this.#now.phase === "gone") return;
    this.#attachments.server("back");
    if (this.#direct.isDoubtful) this.#direct.renew("the server is back");
  }

  /** Runs at once where there is a link; as soon as there is one otherwise, in the order of the calls. */
  whenConnected<Result>(run: (exchange: Exchange) => Promise<Result>, options: RequestOptions = {}): Promise<Result> {
    if (this.#now.phase === "connected") return run(this.#now.exchange);
    if (this.#now.phase === "gone") return failed(this.#goneError());
    return this.#waiting.wait(run, options);
  }

  /** As {@link Room.send}: the way of every message, and so without a closure or a promise of its own where there is a link. */
  send(definition: MessageDefinition, body: unknown): Promise<void> {
    if (this.#now.phase === "connected") return this.#now.exchange.send(definition, body);
    if (definition?.lane === "lossy" && this.#now.phase === "connecting") return this.#drop(definition, body);
    return this.whenConnected((exchange) => exchange.send(definition, body));
  }

  /** As {@link Room.trySend}. */
  trySend(definition: MessageDefinition, body: unknown): boolean {
    if (this.#now.phase === "gone") throw this.#goneError();
    return this.#now.phase === "connected" && this.#now.exchange.trySend(definition, body);
  }

  /**
   * Tells the peer that we leave, behind all that was sent, and waits until it has heard. Where its windows are full, it gets
   * a second to take what is left.
   */
  async leave(): Promise<void> {
    this.#direct.retire();
    // What doesn't carry now isn't needed any more: the direct path's end is no reason to relay.
    this.#attachments.close(this.#link.carriedBy);
    if (this.#link.carriedBy !== undefined) {
      // A channel that isn't ours won't say when it has brought all.
      const isForeign = this.#link.carriedBy === "direct" && !this.#direct.isOpen;
      if (this.#link.isHeldBack || isForeign) await this.#atMost(goodbyeMs, this.#link.settled());
      this.#link.sayGoodbye({ code: "left", reason: "the peer left the room" });
      if (this.#direct.isOpen) await this.#atMost(goodbyeMs, this.#direct.channelClosed);
    }
    this.#end("we left the room");
  }

  /** Ends everything at once. Whoever listens is told how much of ours was still on its way. */
  close(reason: string): void {
    const { unacknowledged } = this.#link;
    this.#end(reason, unacknowledged === 0 ? reason : linkLost(reason, unacknowledged).message);
  }

  #end(reason: string, told = reason): void {
    const { phase } = this.#now;
    if (phase === "gone") return;
    const exchange = this.#now.phase === "connected" ? this.#now.exchange : undefined;
    this.#enter({ phase: "gone" });
    this.#listing.close();
    this.#link.close(reason);
    this.#direct.close();
    this.#attachments.close();
    exchange?.end(new SkeinError("link-lost", `The link to peer ${this.id} ended: ${reason}.`));
    if (exchange !== undefined) this.#world.emit("peer-disconnected", { peer: this, reason: told });
    this.#waiting.fail(this.#goneError());
  }

  #enter(state: State): void {
    this.#now = state;
    this.#sinceMs = this.#world.clock.wallMs();
  }

  async #atMost(waitMs: number, promise: Promise<void>): Promise<void> {
    const stop = deferred<void>();
    const cancel = this.#world.clock.after(waitMs, () => stop.resolve());
    await Promise.race([promise, stop.promise]);
    cancel();
  }

  #goneError(): SkeinError {
    return new SkeinError("no-such-peer", `Peer ${this.id} is no longer in the room.`);
  }

  /** A lossy message that finds no link is held against its definition all the same, and counted. */
  async #drop(definition: MessageDefinition, body: unknown): Promise<void> {
    checkBody(definition, body);
    this.#link.noteDropped();
  }

  #linkUp(theirs: ProtocolVersions, features: readonly string[]): void {
    const { clock, protocols, handlerOf, streamHandlerOf, emit } = this.#world;
    const exchange = new Exchange(
      {
        clock,
        peer: this,
        transmit: (lane, payload) => this.#link.send(lane, payload),
        hasRoom: (lane) => this.#link.hasRoom(lane),
        handlerOf,
        streamHandlerOf,
        trouble: (error) => emit("trouble", error),
        rejected: this.#rejected,
        violate: (reason) => this.#link.violate(reason),
      },
      protocols,
      theirs,
      features,
    );
    this.#enter({ phase: "connected", exchange });
    this.#openMs ??= clock.nowMs() - this.#metMs;
    // Before anyone is told: what was sent earlier goes first.
    this.#waiting.admit(exchange);
    emit("peer-connected", this);
  }

  /** The other side forgot the conversation, or broke it: whoever waits for something of it is told. */
  #linkLost(error: SkeinError): void {
    if (this.#now.phase !== "connected") return;
    const { exchange } = this.#now;
    this.#enter({ phase: "connecting" });
    exchange.end(error);
    this.#world.emit("peer-disconnected", { peer: this, reason: error.message });
  }

  #pathChanged(reason: string): void {
    if (this.#now.phase !== "gone") this.#world.emit("path-changed", { peer: this, reason });
  }

  #handlePathNews(kind: PathKind, news: PathNews, reason: string): void {
    if (this.#now.phase === "gone") return;
    if (news === "down") this.#attachments.lost(kind, reason);
    if (kind === "direct") this.#direct.handleNews(news, reason);
    // Only its link still held it here.
    this.#listing.judge();
  }
}
