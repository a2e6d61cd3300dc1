import {
  type Card,
  type Close,
  decodeSignal,
  encodeSignal,
  equalBytes,
  type ForwardClass,
  type Hello,
  type IceServer,
  type PeerId,
  type ProtocolVersions,
  type RandomBytes,
  type Rejected,
  type RequestOptions,
  type Signal,
  SkeinError,
} from "@skein/protocol";
import type { Clock } from "../clock.js";
import { deferred } from "../deferred.js";
import { DirectPath } from "../direct/direct-path.js";
import type { Engine } from "../engine/engine.js";
import { Exchange } from "../link/exchange.js";
import { lowWaterBytes } from "../link/frame-writer.js";
import type { Handler } from "../link/handlers.js";
import { Link, type LinkTraffic } from "../link/link.js";
import { isPolite, offersFirst } from "./offerer.js";
import type { Pair } from "./pairs.js";
import type { PathKind, Peer } from "./peer.js";

/** What a remote peer needs of its room. */
export interface RemotePeerWorld {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly roll: () => number;
  readonly protocols: ProtocolVersions;
  readonly ourCard: () => Card;
  readonly iceServers: () => readonly IceServer[];
  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean;
  handlerOf(name: string): Handler | undefined;
  connected(peer: Peer): void;
  disconnected(peer: Peer, reason: string): void;
  /** The peer itself said that it leaves, or nothing holds it here any more. */
  gone(peer: RemotePeer, reason: string): void;
  trouble(error: SkeinError): void;
  rejected(rejection: Rejected, from: PeerId): void;
}

/** How long a send may wait for a link. */
export const connectTimeoutMs = 30_000;
/** How long a goodbye may take. */
const goodbyeMs = 1_000;

interface Waiter {
  run(exchange: Exchange): void;
  fail(error: SkeinError): void;
}

/** The link as it is now. */
type Connectedness =
  | { readonly phase: "connecting" }
  /** The channel is open; HELLO is under way. */
  | { readonly phase: "greeting"; readonly link: Link }
  | { readonly phase: "connected"; readonly link: Link; readonly exchange: Exchange }
  | { readonly phase: "gone" };

/** All that belongs to one other peer of a room: its keys, its direct path, its link. */
export class RemotePeer implements Peer {
  readonly id: PeerId;
  readonly #world: RemotePeerWorld;
  readonly #pair: Pair;
  readonly #direct: DirectPath;
  readonly #metMs: number;
  readonly #waiters = new Set<Waiter>();
  #card: Card;
  #now: Connectedness = { phase: "connecting" };
  /** Whether the server lists it. One that isn't stays for as long as its link does. */
  #listed = true;
  #openMs: number | undefined;
  #past: LinkTraffic = { bytesSent: 0, bytesReceived: 0, payloadsSent: 0, payloadsReceived: 0 };
  #channelClosed = deferred<void>();

  constructor(world: RemotePeerWorld, card: Card, pair: Pair) {
    this.id = card.id;
    this.#world = world;
    this.#card = card;
    this.#pair = pair;
    this.#metMs = world.clock.nowMs();
    const { engine, iceServers, clock, roll } = world;
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
        channelOpened: (channel) => this.#openLink(channel),
        channelLost: (reason) => this.#loseLink(reason),
      },
    });
  }

  get card(): Card {
    return this.#card;
  }

  get state(): Peer["state"] {
    return this.#now.phase === "greeting" ? "connecting" : this.#now.phase;
  }

  get path(): PathKind | undefined {
    return this.#now.phase === "connected" ? "direct" : undefined;
  }

  get rttMs(): number | undefined {
    return this.#now.phase === "connected" ? this.#now.link.rttMs : undefined;
  }

  get openMs(): number | undefined {
    return this.#openMs;
  }

  get traffic(): LinkTraffic {
    const link = this.#link;
    return link === undefined ? this.#past : addTraffic(this.#past, link.traffic);
  }

  start(): void {
    this.#direct.start();
  }

  /** Whether a card is of this very join of the peer. */
  isOf(card: Card): boolean {
    return equalBytes(card.box, this.#card.box);
  }

  /** Takes a newer card of the same join; false where it is no newer. */
  update(card: Card): boolean {
    this.#listed = true;
    if (card.n <= this.#card.n) return false;
    this.#card = card;
    return true;
  }

  receiveEnvelope(kind: ForwardClass, envelope: Uint8Array): void {
    if (kind !== "signal")
      return this.#reject({ ok: false, code: "unknown-type", reason: "a relayed frame: no relay path is in use" });
    const body = this.#pair.secure.open("signal", envelope);
    if (!body.ok) return this.#reject(body);
    const signal = decodeSignal(body.value);
    if (!signal.ok) return this.#reject(signal);
    this.#direct.receive(signal.value);
  }

  /** The peer lost its server. Its link may live; ask it. */
  doubt(): void {
    this.#link?.doubt();
  }

  /** The server says that the peer is lost, or doesn't list it any more. A link that still answers keeps it here. */
  unlist(): void {
    this.#listed = false;
    if (this.#now.phase !== "connected" || this.#now.link.isDoubtful) return this.#world.gone(this, "lost");
    this.#now.link.doubt();
  }

  /** Signals may have been lost on their way: try again. */
  retry(): void {
    if (this.#now.phase === "connecting") this.#direct.abandon("the server is back");
  }

  /**
   * Runs at once where there is a link; as soon as there is one otherwise, in the order of the calls. The wait is no
   * longer than {@link connectTimeoutMs}, or than the caller allows.
   */
  whenConnected<Result>(run: (exchange: Exchange) => Promise<Result>, options: RequestOptions = {}): Promise<Result> {
    if (this.#now.phase === "connected") return run(this.#now.exchange);
    if (this.#now.phase === "gone") return Promise.reject(this.#goneError());
    return this.#wait(run, options);
  }

  /** Tells the peer that we leave, and waits until it has heard, for a second at most. */
  async leave(): Promise<void> {
    const link = this.#link;
    this.#direct.retire();
    if (link !== undefined) {
      link.close({ code: "left", reason: "the peer left the room" });
      const stop = deferred<void>();
      const cancel = this.#world.clock.after(goodbyeMs, () => stop.resolve());
      await Promise.race([this.#channelClosed.promise, stop.promise]);
      cancel();
    }
    this.close("we left the room");
  }

  /** Ends everything at once. */
  close(reason: string): void {
    if (this.#now.phase === "gone") return;
    this.#loseLink(reason);
    this.#now = { phase: "gone" };
    this.#direct.close();
    this.#pair.generation = this.#direct.generation;
    this.#channelClosed.resolve();
    for (const waiter of this.#waiters) waiter.fail(this.#goneError());
    this.#waiters.clear();
  }

  get #link(): Link | undefined {
    return this.#now.phase === "greeting" || this.#now.phase === "connected" ? this.#now.link : undefined;
  }

  #goneError(): SkeinError {
    return new SkeinError("no-such-peer", `Peer ${this.id} is no longer in the room.`);
  }

  #reject(rejection: Rejected): void {
    this.#world.rejected(rejection, this.id);
  }

  #wait<Result>(run: (exchange: Exchange) => Promise<Result>, options: RequestOptions): Promise<Result> {
    const { signal, timeoutMs = connectTimeoutMs } = options;
    const waitMs = Math.min(timeoutMs, connectTimeoutMs);
    return new Promise<Result>((resolve, reject) => {
      const settle = () => {
        this.#waiters.delete(waiter);
        cancel();
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        run: (exchange) => {
          settle();
          run(exchange).then(resolve, reject);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const abort = () =>
        waiter.fail(
          new SkeinError("aborted", "The wait for a link was aborted by its caller.", { cause: signal?.reason }),
        );
      const cancel = this.#world.clock.after(waitMs, () =>
        waiter.fail(
          new SkeinError("timeout", `No link to peer ${this.id} after ${waitMs} ms: is a network between you?`),
        ),
      );
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
      if (signal?.aborted) abort();
    });
  }

  #sendSignal(signal: Signal): void {
    // Where the server is away the signal is lost; the attempt's deadline, or the server's return, makes up for it.
    this.#world.forward(this.id, "signal", this.#pair.secure.seal("signal", encodeSignal(signal)));
  }

  #openLink(channel: RTCDataChannel): void {
    if (this.#now.phase === "gone") return;
    const { clock, random, protocols } = this.#world;
    channel.bufferedAmountLowThreshold = lowWaterBytes;
    const link = new Link({
      clock,
      hello: { link: random(8), protocols: copyVersions(protocols), features: [] },
      sink: {
        get bufferedAmount() {
          return channel.bufferedAmount;
        },
        send: (frame) => channel.send(frame as Uint8Array<ArrayBuffer>),
      },
      listener: {
        up: (theirs) => this.#linkUp(link, theirs),
        payload: (payload) => {
          if (this.#now.phase === "connected") this.#now.exchange.receive(payload);
        },
        down: (reason, close) => {
          // Where we ended it ourselves, another path may be on the way already: that one isn't to be given up.
          if (this.#link === link) this.#linkDown(reason, close);
        },
        rejected: (rejection) => this.#reject(rejection),
      },
    });
    this.#now = { phase: "greeting", link };
    this.#channelClosed = deferred();
    const { resolve } = this.#channelClosed;
    channel.addEventListener("close", () => resolve(), { once: true });
    channel.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) link.receive(new Uint8Array(data));
      else this.#reject({ ok: false, code: "malformed", reason: "a text message on the data channel" });
    };
    channel.onbufferedamountlow = () => link.resume();
  }

  #linkUp(link: Link, theirs: Hello): void {
    const { clock, protocols } = this.#world;
    const exchange = new Exchange(
      {
        clock,
        peer: this,
        transmit: (...payloads) => link.send(...payloads),
        handlerOf: (name) => this.#world.handlerOf(name),
        trouble: (error) => this.#world.trouble(error),
        rejected: (rejection) => this.#reject(rejection),
        violate: (reason) => link.refuse(reason),
      },
      protocols,
      theirs.protocols,
    );
    this.#now = { phase: "connected", link, exchange };
    this.#openMs ??= clock.nowMs() - this.#metMs;
    this.#direct.confirm();
    // Before anyone is told: what was sent earlier goes first.
    for (const waiter of [...this.#waiters]) waiter.run(exchange);
    this.#world.connected(this);
  }

  #linkDown(reason: string, close: Close | undefined): void {
    if (close?.code === "left") return this.#world.gone(this, "left");
    this.#direct.abandon(reason);
  }

  /** The channel is gone, and its link with it. */
  #loseLink(reason: string): void {
    const before = this.#now;
    const link = this.#link;
    if (link === undefined) return;
    this.#past = this.traffic;
    this.#now = { phase: "connecting" };
    link.lose(reason);
    if (before.phase !== "connected") return;
    before.exchange.end(new SkeinError("link-lost", `The link to peer ${this.id} ended: ${reason}.`));
    this.#world.disconnected(this, reason);
    if (!this.#listed) this.#world.gone(this, "lost");
  }
}

function addTraffic(a: LinkTraffic, b: LinkTraffic): LinkTraffic {
  return {
    bytesSent: a.bytesSent + b.bytesSent,
    bytesReceived: a.bytesReceived + b.bytesReceived,
    payloadsSent: a.payloadsSent + b.payloadsSent,
    payloadsReceived: a.payloadsReceived + b.payloadsReceived,
  };
}

function copyVersions(protocols: ProtocolVersions): Record<string, string[]> {
  return Object.fromEntries(Object.entries(protocols).map(([name, versions]) => [name, [...versions]]));
}
