import {
  type Card,
  decodeSignal,
  encodeSignal,
  equalBytes,
  type ForwardClass,
  type IceServer,
  type MessageDefinition,
  type PeerId,
  type ProtocolVersions,
  type RandomBytes,
  type Rejected,
  type RequestOptions,
  type Signal,
  SkeinError,
} from "@skein/protocol";
import { Alarm, type Clock } from "../clock.js";
import type { PathKind } from "../core/path-chooser.js";
import { deferred } from "../deferred.js";
import { channelSink } from "../direct/channel-sink.js";
import type { CandidatePair } from "../direct/connection.js";
import { DirectPath } from "../direct/direct-path.js";
import type { Engine } from "../engine/engine.js";
import { checkBody } from "../link/bodies.js";
import { Exchange } from "../link/exchange.js";
import { lowWaterBytes } from "../link/frame-writer.js";
import type { Handler } from "../link/handlers.js";
import { Link } from "../link/link.js";
import type { PathNews } from "../link/link-listener.js";
import type { Path } from "../link/path.js";
import type { StreamHandler } from "../link/streams.js";
import type { LinkTraffic } from "../link/traffic.js";
import { bothRestart, isPolite, offersFirst } from "./offerer.js";
import type { Pair } from "./pairs.js";
import type { AttachedPath, DirectNews, PathProvider, PathWorld, RelayUsage } from "./path-provider.js";
import type { Peer } from "./peer.js";
import { WaitingRoom } from "./waiting-room.js";

/** What a remote peer needs of its room. */
export interface RemotePeerWorld {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly roll: () => number;
  readonly protocols: ProtocolVersions;
  /** Other paths than the direct one. */
  readonly paths: readonly PathProvider[];
  readonly ourCard: () => Card;
  readonly iceServers: () => readonly IceServer[];
  /** Whether signals go, as far as we know. */
  canSignal(): boolean;
  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean;
  readonly handlerOf: (name: string) => Handler | undefined;
  readonly streamHandlerOf: (name: string) => StreamHandler | undefined;
  connected(peer: Peer): void;
  disconnected(peer: Peer, reason: string): void;
  pathChanged(peer: Peer, reason: string): void;
  used(usage: RelayUsage): void;
  /** The peer itself said that it leaves, or nothing holds it here any more. */
  gone(peer: RemotePeer, reason: string): void;
  readonly trouble: (error: SkeinError) => void;
  rejected(rejection: Rejected, from: PeerId): void;
}

/** How long a goodbye may take. */
const goodbyeMs = 1_000;

/**
 * Whether the server lists it. One that isn't stays for as long as its link answers, and until a time at least: a server that
 * has started again lists nobody who isn't back yet.
 */
type Listing = { readonly listed: true } | { readonly listed: false; readonly untilMs: number };

/** How long others may take to come back to a server that is back: their longest wait, and the time to connect. */
const returnMs = 20_000;

/** A path of another provider to the peer. */
interface Attachment {
  readonly provider: PathProvider;
  readonly path: AttachedPath;
}

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
  readonly #pair: Pair;
  readonly #direct: DirectPath;
  readonly #metMs: number;
  readonly #link: Link;
  readonly #attached: readonly Attachment[];
  readonly #waiting: WaitingRoom<Exchange>;
  #card: Card;
  #now: State = { phase: "connecting" };
  #sinceMs: number;
  #listing: Listing = { listed: true };
  readonly #listingAlarm: Alarm;
  #openMs: number | undefined;
  /** The platform's last refusal, which people were told of. */
  #refusal: string | undefined;
  /** The direct path, where its channel is open. */
  #path: Path | undefined;
  /** Of the direct path, once it answers. */
  #candidates: CandidatePair | undefined;
  #channelClosed = deferred<void>();

  constructor(world: RemotePeerWorld, card: Card, pair: Pair) {
    this.id = card.id;
    this.#world = world;
    this.#card = card;
    this.#pair = pair;
    this.#metMs = world.clock.nowMs();
    this.#sinceMs = world.clock.wallMs();
    this.#listingAlarm = new Alarm(world.clock, () => this.#judgeListing());
    this.#waiting = new WaitingRoom(world.clock, `link to peer ${card.id}`);
    const { engine, iceServers, clock, roll } = world;
    this.#link = new Link({
      clock,
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
        rejected: (rejection) => this.#reject(rejection),
      },
    });
    this.#direct = new DirectPath({
      engine,
      iceServers,
      clock,
      roll,
      polite: isPolite(world.ourCard(), card),
      preferred: offersFirst(world.ourCard(), card),
      generation: pair.generation,
      send: (signal) => this.#sendSignal(signal),
      listener: {
        channelOpened: (channel, lossy) => this.#openPath(channel, lossy),
        channelLost: (reason) => this.#losePath(reason),
        denounced: (reason) => this.#link.denounce("direct", reason),
        attemptFailed: () => this.#tellDirect("failed"),
        refused: (errorName) => this.#tellRefusal(errorName),
      },
    });
    this.#attached = world.paths.flatMap((provider) => {
      const path = provider.attach(this.#pathWorld(provider.kind));
      return path === undefined ? [] : [{ provider, path }];
    });
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
    return this.#candidates;
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
    this.#tellDirect("trying");
    if (this.#triesDirect) this.#direct.start();
  }

  /** Whether a card is of this very join of the peer. */
  isOf(card: Card): boolean {
    return equalBytes(card.box, this.#card.box);
  }

  /** Takes a card of the same join; false where it is no newer. That it came says that the peer is at the server. */
  update(card: Card): boolean {
    this.#setListing({ listed: true });
    for (const { path } of this.#attached) path.server("back");
    if (card.n <= this.#card.n) return false;
    this.#card = card;
    return true;
  }

  receiveEnvelope(kind: ForwardClass, envelope: Uint8Array): void {
    if (kind === "relay") return this.#receiveRelayed(envelope);
    const body = this.#pair.secure.open("signal", envelope);
    if (!body.ok) return this.#reject(body);
    const signal = decodeSignal(body.value);
    if (!signal.ok) return this.#reject(signal);
    if (this.#triesDirect) this.#direct.receive(signal.value);
  }

  /** A forward of ours to it went nowhere. Of signals, the attempt's own deadline makes up for it, or its offer does. */
  undeliverable(reason: string, kind: ForwardClass | undefined): void {
    if (kind !== "relay") this.#direct.undelivered();
    if (kind === "signal") return;
    for (const { path } of this.#attached) path.undeliverable(reason);
  }

  /** The peer lost its server. Its link may live; ask it. */
  doubt(): void {
    this.#link.doubt();
  }

  /** The server gave its place up. A link that still answers keeps it here. */
  unlist(): void {
    this.#setListing({ listed: false, untilMs: this.#world.clock.nowMs() });
  }

  /** The server is back, and doesn't list it. It may have left meanwhile, or not be back itself. */
  miss(): void {
    if (this.#listing.listed) this.#setListing({ listed: false, untilMs: this.#world.clock.nowMs() + returnMs });
  }

  /** Our connection to the server is lost. */
  loseServer(): void {
    for (const { path } of this.#attached) path.server("away");
    this.#link.doubt();
  }

  /** The network may be another one: whatever path there is may be dead, and nobody told us. */
  networkChanged(reason: string): void {
    if (this.#now.phase === "gone") return;
    this.#link.denounce("direct", reason);
    this.#link.denounce("relay", reason);
    this.#renew(reason);
  }

  /** The server is back, or the peer is back at it: what went between may be lost, and can go again. */
  retry(): void {
    if (this.#now.phase === "gone") return;
    for (const { path } of this.#attached) path.server("back");
    if (this.#path === undefined || this.#path.isSuspect) this.#renew("the server is back");
  }

  /** Runs at once where there is a link; as soon as there is one otherwise, in the order of the calls. */
  whenConnected<Result>(run: (exchange: Exchange) => Promise<Result>, options: RequestOptions = {}): Promise<Result> {
    if (this.#now.phase === "connected") return run(this.#now.exchange);
    if (this.#now.phase === "gone") return Promise.reject(this.#goneError());
    return this.#waiting.wait(run, options);
  }

  /** As {@link Room.send}: the way of every message, and so without a closure or a promise of its own where there is a link. */
  send(definition: MessageDefinition, body: unknown): Promise<void> {
    if (this.#now.phase === "connected") return this.#now.exchange.send(definition, body);
    if (definition.lane === "lossy" && this.#now.phase === "connecting") return this.#drop(definition, body);
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
    for (const { provider, path } of this.#attached) if (provider.kind !== this.#link.carriedBy) path.close();
    if (this.#link.carriedBy !== undefined) {
      // A channel that isn't ours won't say when it has brought all.
      const isForeign = this.#link.carriedBy === "direct" && this.#path === undefined;
      if (this.#link.isHeldBack || isForeign) await this.#atMost(goodbyeMs, this.#link.settled());
      this.#link.sayGoodbye({ code: "left", reason: "the peer left the room" });
      if (this.#path !== undefined) await this.#atMost(goodbyeMs, this.#channelClosed.promise);
    }
    this.close("we left the room");
  }

  /** Ends everything at once. */
  close(reason: string): void {
    const { phase } = this.#now;
    if (phase === "gone") return;
    const exchange = this.#now.phase === "connected" ? this.#now.exchange : undefined;
    this.#enter({ phase: "gone" });
    this.#listingAlarm.set(undefined);
    this.#link.close(reason);
    this.#direct.close();
    for (const { path } of this.#attached) path.close();
    this.#pair.generation = this.#direct.generation;
    this.#channelClosed.resolve();
    exchange?.end(new SkeinError("link-lost", `The link to peer ${this.id} ended: ${reason}.`));
    if (exchange !== undefined) this.#world.disconnected(this, reason);
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

  #reject(rejection: Rejected): void {
    this.#world.rejected(rejection, this.id);
  }

  #sendSignal(signal: Signal): void {
    // Where the server is away the signal is lost; the attempt's deadline, or the server's return, makes up for it.
    this.#world.forward(this.id, "signal", this.#pair.secure.seal("signal", encodeSignal(signal)));
  }

  /** Once for each kind of refusal, not at each attempt. */
  #tellRefusal(errorName: string): void {
    if (this.#refusal === errorName) return;
    this.#refusal = errorName;
    const text = `The platform refuses to open a connection to peer ${this.id} (${errorName}): check the iceServers.`;
    this.#world.trouble(new SkeinError("bad-argument", text));
  }

  #openPath(channel: RTCDataChannel, lossy: RTCDataChannel | undefined): void {
    if (this.#now.phase === "gone") return;
    channel.bufferedAmountLowThreshold = lowWaterBytes;
    const path = this.#link.open("direct", channelSink(channel, lossy));
    this.#path = path;
    this.#channelClosed = deferred();
    const { resolve } = this.#channelClosed;
    channel.addEventListener("close", () => resolve(), { once: true });
    this.#hear(channel, (frame) => path.receive(frame));
    if (lossy !== undefined) this.#hear(lossy, (frame) => path.receiveLossy(frame));
    channel.onbufferedamountlow = () => path.resume();
  }

  #hear(channel: RTCDataChannel, receive: (frame: Uint8Array) => void): void {
    channel.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) receive(new Uint8Array(data));
      else this.#reject({ ok: false, code: "malformed", reason: "a text message on the data channel" });
    };
  }

  /** A lossy message that finds no link is held against its definition all the same, and counted. */
  async #drop(definition: MessageDefinition, body: unknown): Promise<void> {
    checkBody(definition, body);
    this.#link.noteDropped();
  }

  #linkUp(theirs: ProtocolVersions, features: readonly string[]): void {
    const { clock, protocols, handlerOf, streamHandlerOf, trouble } = this.#world;
    const exchange = new Exchange(
      {
        clock,
        peer: this,
        transmit: (lane, payload) => this.#link.send(lane, payload),
        hasRoom: (lane) => this.#link.hasRoom(lane),
        handlerOf,
        streamHandlerOf,
        trouble,
        rejected: (rejection) => this.#reject(rejection),
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
    this.#world.connected(this);
  }

  /** The other side forgot the conversation, or broke it: whoever waits for something of it is told. */
  #linkLost(error: SkeinError): void {
    if (this.#now.phase !== "connected") return;
    const { exchange } = this.#now;
    this.#enter({ phase: "connecting" });
    exchange.end(error);
    this.#world.disconnected(this, error.message);
  }

  #pathChanged(reason: string): void {
    if (this.#now.phase !== "gone") this.#world.pathChanged(this, reason);
  }

  #handlePathNews(kind: PathKind, news: PathNews, reason: string): void {
    if (this.#now.phase === "gone") return;
    if (news === "down") for (const { path } of this.#attachedOf(kind)) path.lost(reason);
    if (kind === "direct") this.#handleDirectNews(news, reason);
    // Only its link still held it here.
    this.#judgeListing();
  }

  #setListing(listing: Listing): void {
    this.#listing = listing;
    this.#judgeListing();
    if (!listing.listed && this.#now.phase !== "gone") this.#link.doubt();
  }

  /** Only its link holds it here: where that doesn't answer either, it is gone. */
  #judgeListing(): void {
    const { clock, gone } = this.#world;
    const untilMs = this.#listing.listed ? undefined : this.#listing.untilMs;
    const isPast = untilMs !== undefined && clock.nowMs() >= untilMs;
    this.#listingAlarm.set(isPast || this.#now.phase === "gone" ? undefined : untilMs);
    if (isPast && this.#link.isDoubtful) gone(this, "lost");
  }

  #handleDirectNews(news: PathNews, reason: string): void {
    if (news === "opened") return this.#triesDirect ? this.#direct.confirm() : undefined;
    this.#tellDirect(news);
    if (news === "suspect") this.#restart();
    if (news === "trusted") void this.#lookAtCandidates();
    if (news === "down" && this.#path !== undefined) this.#direct.abandon(reason);
  }

  /** Looks for another way: over the connection there is, or with a new attempt where there is none. */
  #renew(reason: string): void {
    if (!this.#triesDirect) return;
    if (this.#path === undefined) this.#direct.retry(reason);
    else this.#restart();
  }

  /** Not while signals don't go. Trap: to restart while offline kills Firefox's channel. */
  #restart(): void {
    const canRestart = bothRestart(this.#world.engine, this.#card) && this.#world.canSignal();
    if (canRestart) this.#direct.restart();
  }

  #tellDirect(news: DirectNews): void {
    for (const { path } of this.#attached) path.direct(news);
  }

  #attachedOf(kind: PathKind): readonly Attachment[] {
    return this.#attached.filter(({ provider }) => provider.kind === kind);
  }

  #pathWorld(kind: PathKind): PathWorld {
    const { clock, roll, used } = this.#world;
    return {
      peer: this,
      clock,
      roll,
      open: (sink) => this.#link.open(kind, sink),
      seal: (body) => this.#pair.onChannel().seal("frame", body),
      unseal: (envelope) => this.#pair.onChannel().open("frame", envelope),
      forward: (body) => this.#world.forward(this.id, "relay", this.#pair.secure.seal("frame", body)),
      used,
      rejected: (rejection) => this.#reject(rejection),
    };
  }

  get #triesDirect(): boolean {
    return !this.#attached.some(({ provider }) => provider.replacesDirect);
  }

  #receiveRelayed(envelope: Uint8Array): void {
    if (!this.#world.paths.some(({ kind }) => kind === "relay")) {
      return this.#reject({ ok: false, code: "unknown-type", reason: "a relayed frame: no relay path is in use" });
    }
    const body = this.#pair.secure.open("frame", envelope);
    if (!body.ok) return this.#reject(body);
    for (const { path } of this.#attachedOf("relay")) path.receive(body.value);
  }

  /** The channel is gone, and its path with it. The link lives on, unless nothing else holds the peer here. */
  #losePath(reason: string): void {
    const path = this.#path;
    this.#path = undefined;
    this.#candidates = undefined;
    path?.lose(reason);
  }

  /** The engine may have chosen others since it answered last. */
  async #lookAtCandidates(): Promise<void> {
    const path = this.#path;
    const candidates = await this.#direct.selectedPair();
    if (path === this.#path) this.#candidates = candidates;
  }
}
