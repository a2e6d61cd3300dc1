import { decodeSignal, encodeSignal, type Rejected, type Signal, SkeinError } from "@skein/protocol";
import { deferred } from "../deferred.js";
import { channelSink } from "../direct/channel-sink.js";
import type { CandidatePair } from "../direct/connection.js";
import { DirectPath } from "../direct/direct-path.js";
import { lowWaterBytes } from "../link/frame-writer.js";
import type { Link } from "../link/link.js";
import type { PathNews } from "../link/link-listener.js";
import type { Path } from "../link/path.js";
import type { Attachments } from "./attachments.js";
import { bothRestart, isPolite, offersFirst } from "./offerer.js";
import type { Pair } from "./pairs.js";
import type { Peer } from "./peer.js";
import type { RemotePeerWorld } from "./remote-peer-world.js";

/** What the direct path needs to know of its peer. */
export interface OwnDirectPathPeer {
  readonly peer: Peer;
  readonly pair: Pair;
  readonly link: Link;
  /** They are told what becomes of it, and one of them may stand in for it. */
  readonly attachments: Attachments;
  readonly rejected: (rejection: Rejected) => void;
}

/**
 * The room's own direct path to one peer: its signals, and the path of the link over its channel. It isn't tried where an
 * attachment replaces it.
 */
export class OwnDirectPath {
  readonly #world: RemotePeerWorld;
  readonly #of: OwnDirectPathPeer;
  readonly #direct: DirectPath;
  /** Where its channel is open. */
  #path: Path | undefined;
  /** Of the path, once it answers. */
  #candidates: CandidatePair | undefined;
  #channelClosed = deferred<void>();
  /** The platform's last refusal, which people were told of. */
  #refusal: string | undefined;

  constructor(world: RemotePeerWorld, of: OwnDirectPathPeer) {
    this.#world = world;
    this.#of = of;
    const { engine, iceServers, clock, roll, ourCard } = world;
    const { link, attachments } = of;
    const { card } = of.peer;
    this.#direct = new DirectPath({
      engine,
      iceServers,
      clock,
      roll,
      polite: isPolite(ourCard(), card),
      preferred: offersFirst(ourCard(), card),
      generation: of.pair.generation,
      send: (signal) => this.#sendSignal(signal),
      listener: {
        channelOpened: (channel, lossy) => this.#openPath(channel, lossy),
        channelLost: (reason) => this.#losePath(reason),
        denounced: (reason) => link.denounce("direct", reason),
        attemptFailed: () => attachments.direct("failed"),
        refused: (errorName) => this.#tellRefusal(errorName),
      },
    });
  }

  /** Whether its channel is open. */
  get isOpen(): boolean {
    return this.#path !== undefined;
  }

  /** Whether there is none, or none that answers. */
  get isDoubtful(): boolean {
    return this.#path === undefined || this.#path.isSuspect;
  }

  /** As `RemotePeer.candidates`. */
  get candidates(): CandidatePair | undefined {
    return this.#candidates;
  }

  /** Resolves when the channel that is open closes. */
  get channelClosed(): Promise<void> {
    return this.#channelClosed.promise;
  }

  start(): void {
    this.#of.attachments.direct("trying");
    if (this.#isTried) this.#direct.start();
  }

  /** A signal came from the peer, sealed. */
  receive(envelope: Uint8Array): void {
    const { pair, rejected } = this.#of;
    const body = pair.secure.open("signal", envelope);
    if (!body.ok) return rejected(body);
    const signal = decodeSignal(body.value);
    if (!signal.ok) return rejected(signal);
    if (this.#isTried) this.#direct.receive(signal.value);
  }

  /** A signal of ours may have gone nowhere. */
  undelivered(): void {
    this.#direct.undelivered();
  }

  /** What the link says of its direct path, whoever's that is. */
  handleNews(news: PathNews, reason: string): void {
    if (news === "opened") return this.#isTried ? this.#direct.confirm() : undefined;
    this.#of.attachments.direct(news);
    if (news === "suspect") this.#restart();
    if (news === "trusted") void this.#lookAtCandidates();
    if (news === "down" && this.isOpen) this.#direct.abandon(reason);
  }

  /** Looks for another way: over the connection there is, or with a new attempt where there is none. */
  renew(reason: string): void {
    if (!this.#isTried) return;
    if (this.isOpen) this.#restart();
    else this.#direct.retry(reason);
  }

  /** We leave: what there is stays, and nothing new is tried. */
  retire(): void {
    this.#direct.retire();
  }

  close(): void {
    this.#direct.close();
    this.#of.pair.generation = this.#direct.generation;
    this.#channelClosed.resolve();
  }

  get #isTried(): boolean {
    return !this.#of.attachments.replaceDirect;
  }

  /** Not while signals don't go. Trap: to restart while offline kills Firefox's channel. */
  #restart(): void {
    const { engine } = this.#world;
    if (bothRestart(engine, this.#of.peer.card) && this.#world.canSignal()) this.#direct.restart();
  }

  #sendSignal(signal: Signal): void {
    const { peer, pair } = this.#of;
    // Where the server is away the signal is lost; the attempt's deadline, or the server's return, makes up for it.
    this.#world.forward(peer.id, "signal", pair.secure.seal("signal", encodeSignal(signal)));
  }

  /** Once for each kind of refusal, not at each attempt. */
  #tellRefusal(errorName: string): void {
    if (this.#refusal === errorName) return;
    this.#refusal = errorName;
    const text = `The platform refuses to open a connection to peer ${this.#of.peer.id} (${errorName}): check the iceServers.`;
    this.#world.emit("trouble", new SkeinError("bad-argument", text));
  }

  #openPath(channel: RTCDataChannel, lossy: RTCDataChannel | undefined): void {
    if (this.#of.peer.state === "gone") return;
    channel.bufferedAmountLowThreshold = lowWaterBytes;
    const path = this.#of.link.open("direct", channelSink(channel, lossy));
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
      else this.#of.rejected({ ok: false, code: "malformed", reason: "a text message on the data channel" });
    };
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
