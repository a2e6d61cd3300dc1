import {
  type Card,
  type MessageDefinition,
  type Messenger,
  type MessengerPeerEvent,
  type PeerId,
  parsePeerId,
  type Rejected,
  type RejectionCode,
  type RequestContext,
  type RequestDefinition,
  type RequestOptions,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";
import mitt from "mitt";
import { failed } from "../failure.js";
import { checkBody } from "../link/bodies.js";
import type { ByteStream } from "../link/byte-stream.js";
import { type Handler, Handlers } from "../link/handlers.js";
import { requestTimeoutMs } from "../link/outgoing-requests.js";
import type { StreamHandler } from "../link/streams.js";
import type { SignalingEvents, SignalingSession } from "../signaling/signaling.js";
import { checkHandler } from "./check-definition.js";
import { History } from "./history.js";
import { callListener } from "./listeners.js";
import type { CardUpdate } from "./options.js";
import type { Peer } from "./peer.js";
import type { RemotePeer } from "./remote-peer.js";
import type { RoomEvents } from "./room-events.js";
import type { RoomParts } from "./room-parts.js";
import type { RoomStats } from "./room-stats.js";
import { Roster } from "./roster.js";
import { defaultStreamName, mustNameStream, type StreamOptions } from "./stream-options.js";

/** A set of peers that can see each other, and our links to them. Made by `joinRoom`. */
export class Room implements Messenger<Peer>, AsyncDisposable {
  readonly id: PeerId;
  readonly name: string;
  readonly #parts: RoomParts;
  readonly #emitter = mitt<RoomEvents>();
  readonly #handlers = new Handlers<Handler>();
  readonly #streamHandlers = new Handlers<StreamHandler>();
  readonly #rejected = new Map<RejectionCode, number>();
  readonly #roster: Roster;
  readonly #history = new History();
  #session: SignalingSession | undefined;
  #stops: readonly (() => void)[] = [];
  #closing: Promise<void> | undefined;

  /** @internal Use `joinRoom`. */
  constructor(parts: RoomParts) {
    this.#parts = parts;
    this.id = parts.ownCard.card.id;
    this.name = parts.name;
    this.#roster = new Roster(parts, {
      isOpen: () => this.#closing === undefined,
      forward: (to, kind, envelope) => this.#session?.forward(to, kind, envelope) ?? false,
      handlerOf: (name) => this.#handlers.find(name),
      streamHandlerOf: (name) => this.#streamHandlers.find(name),
      emit: (name, event) => this.#emit(name, event),
      rejected: (rejection, from) => this.#reject(rejection, from),
      removed: (peer) => this.#history.bury(peer),
      ended: (error) => {
        this.#closing ??= this.#shutDown(error);
      },
    });
  }

  /** All others in the room, by id: linked or on the way to be. */
  get peers(): ReadonlyMap<PeerId, Peer> {
    return this.#roster.peers;
  }

  /** What we say of ourselves. */
  get card(): Card {
    return this.#parts.ownCard.card;
  }

  /**
   * Listens for an event; gives what ends that. Events begin a moment after `joinRoom` has resolved. A listener may be asynchronous: where it
   * fails by another's doing (its peer left, or doesn't speak the protocol), that is told as `trouble`.
   */
  on<Name extends keyof RoomEvents>(name: Name, listener: (event: RoomEvents[Name]) => void): Unsubscribe {
    // What fails in a listener of `trouble` is no news to it.
    const tell = name === "trouble" ? () => {} : (error: SkeinError) => this.#emit("trouble", error);
    const hear = (event: RoomEvents[Name]) => callListener(listener, event, tell);
    this.#emitter.on(name, hear);
    return () => this.#emitter.off(name, hear);
  }

  /**
   * Sends a message to one peer. Resolves once it is accepted for sending: await it, and a fast sender waits for a slow
   * network. Where the link is still on its way, it waits for that, for 30 s. A lossy message never waits: it goes now, or is
   * dropped. Where nobody awaits it, only a mistake of ours (`bad-body`, `too-large`) is an unhandled rejection.
   * @throws {SkeinError} `bad-body`, `too-large`, `protocol-mismatch`, `no-such-peer`, `link-lost`, `timeout`, `closed`
   */
  send<Input>(to: PeerId | Peer, definition: MessageDefinition<Input, any>, body: Input): Promise<void> {
    try {
      return this.#find(to).send(definition, body);
    } catch (error) {
      return failed(error);
    }
  }

  /**
   * Sends a message to one peer where it can be accepted at once: true. False where it can't, and then nothing was sent and
   * the body wasn't looked at: there is no link to the peer at the moment (`peer.state` isn't `connected`), or more than
   * 256 KiB wait in the message's lane, since the network is slow, the other side's handlers are, or no path carries the link
   * just now; or a lossy message would be dropped. For what is better left out than late; await `send` for all else.
   * @throws {SkeinError} `bad-body`, `too-large`, `protocol-mismatch`, `no-such-peer`, `closed`
   */
  trySend<Input>(to: PeerId | Peer, definition: MessageDefinition<Input, any>, body: Input): boolean {
    return this.#find(to).trySend(definition, body);
  }

  /**
   * Sends a message to every peer that is connected now and speaks its protocol; gives how many took it.
   * @throws {SkeinError} `bad-body`, `too-large`, `closed`
   */
  async broadcast<Input>(definition: MessageDefinition<Input, any>, body: Input): Promise<number> {
    this.#mustBeOpen();
    checkBody(definition, body);
    const connected = this.#roster.all.filter((peer) => peer.state === "connected");
    const results = await Promise.allSettled(connected.map((peer) => peer.send(definition, body)));
    return results.filter(({ status }) => status === "fulfilled").length;
  }

  /**
   * Asks one peer, and waits for its answer.
   * @throws {SkeinError} what `send` throws, and `timeout`, `aborted`, `no-handler`, `handler-failed`, `bad-message`, the
   * code of a SkeinError that the handler threw, or `rate-limited`: 1,024 of ours wait for this peer's answers, or it has too much
   * to answer that we don't take
   */
  async request<Input, Reply>(
    to: PeerId | Peer,
    definition: RequestDefinition<Input, any, any, Reply>,
    body: Input,
    options: RequestOptions = {},
  ): Promise<Reply> {
    const { clock } = this.#parts.world;
    // The wait for a link is part of the time that the caller gives.
    const untilMs = clock.nowMs() + (options.timeoutMs ?? requestTimeoutMs);
    const answer = this.#find(to).whenConnected((exchange) => {
      const timeoutMs = Math.max(0, Math.ceil(untilMs - clock.nowMs()));
      return exchange.request(definition, body, { ...options, timeoutMs });
    }, options);
    // The exchange has held it against the definition's schema.
    return answer as Promise<Reply>;
  }

  /**
   * Says what to do with a message or request when it comes. One handler for each; a request's handler gives the answer,
   * and what it throws is the asker's error: a SkeinError as it is, anything else as `handler-failed` without its text.
   * @throws {SkeinError} `bad-argument` where the message has a handler, or its protocol isn't one of those that `joinRoom` was given
   */
  handle<Output>(
    definition: MessageDefinition<any, Output>,
    handler: (body: Output, from: Peer) => void | Promise<void>,
  ): Unsubscribe;
  handle<Output, ReplyInput>(
    definition: RequestDefinition<any, Output, ReplyInput, any>,
    handler: (body: Output, from: Peer, context: RequestContext) => ReplyInput | Promise<ReplyInput>,
  ): Unsubscribe;
  handle(
    definition: MessageDefinition | RequestDefinition,
    handler: (body: any, from: Peer, context: RequestContext) => unknown,
  ): Unsubscribe {
    checkHandler(definition, handler, this.#parts.world.protocols);
    const run = (body: unknown, from: unknown, context: RequestContext) => handler(body, from as Peer, context);
    return this.#handlers.add(definition.name, { definition, run } as Handler);
  }

  /**
   * Opens a stream to one peer: bytes both ways, each way with an end of its own, and as fast as its reader reads. Resolves
   * once the peer's handler of that name takes it. Its bytes share a lane with what else goes there, and pass through
   * whatever path carries the link; where the link is lost, both ways fail with `link-lost`.
   * @throws {SkeinError} `no-handler`, `handler-failed` or what the handler threw, `protocol-mismatch` where the peer's
   * software has no streams, `rate-limited` where 128 of ours to that peer are open, `no-such-peer`, `link-lost`, `timeout`
   * where there is no link for 30 s, `aborted`, `bad-argument`, `closed`
   * @example
   * const { writable } = await room.stream(peer, { name: "backup" });
   * await file.stream().pipeTo(writable);
   */
  async stream(to: PeerId | Peer, options: StreamOptions = {}): Promise<ByteStream> {
    const { name = defaultStreamName, lane = "bulk", signal } = options;
    mustNameStream(name);
    const wait = signal === undefined ? {} : { signal };
    return this.#find(to).whenConnected((exchange) => exchange.stream(lane, name, signal), wait);
  }

  /**
   * Says what to do with the streams of a name when a peer opens one. The handler may keep a stream for as long as it likes;
   * where it throws, both of its ways fail, and the opener gets a SkeinError as it is, anything else as `handler-failed`.
   * @throws {SkeinError} `bad-argument` where the name has a handler
   */
  handleStream(name: string, handler: (stream: ByteStream, from: Peer) => void | Promise<void>): Unsubscribe {
    mustNameStream(name);
    return this.#streamHandlers.add(name, (stream, from) => handler(stream, from as Peer));
  }

  /** For `@skein/coordination`, which knows rooms as messengers. Apps use {@link Room.on}. */
  onPeer(listener: (event: MessengerPeerEvent<Peer>) => void): Unsubscribe {
    const subscriptions = [
      this.on("peer-connected", (peer) => listener({ type: "reachable", peer })),
      this.on("peer-updated", (peer) => listener({ type: "updated", peer })),
      this.on("peer-disconnected", ({ peer }) => listener({ type: "gone", peer })),
    ];
    return () => {
      for (const unsubscribe of subscriptions) unsubscribe();
    };
  }

  /** Changes what our card says, and shows it to all. What isn't given stays. */
  async update(details: CardUpdate): Promise<void> {
    this.#mustBeOpen();
    this.#session?.announce(await this.#parts.ownCard.update(details));
  }

  /** How things are now: for all of the room, and for each peer. Rates are of the last 10 s. */
  stats(): RoomStats {
    return {
      ...this.#history.stats(this.#roster.all, this.#parts.world.clock.nowMs()),
      rejected: Object.fromEntries(this.#rejected),
      server: this.#roster.server,
    };
  }

  /**
   * Says goodbye to all, gives the place up, and closes everything. What was sent before arrives first, where the other
   * side still answers. The process can end afterwards.
   */
  leave(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  /** The same as {@link Room.leave}. */
  close(): Promise<void> {
    return this.leave();
  }

  /** The same as {@link Room.leave}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  /** @internal What signalling tells. */
  signalingEvents(): SignalingEvents {
    return this.#roster.signalingEvents();
  }

  /** @internal We are in the room. Events begin a moment later, when whoever joined has had the chance to listen. */
  attach(session: SignalingSession): void {
    this.#session = session;
    const { network, pulse, world } = this.#parts;
    // Signalling may have ended meanwhile.
    if (this.#closing !== undefined) return;
    this.#stops = [network.watch((reason) => this.#changeNetwork(reason)), pulse.listen(() => this.#beat())];
    world.clock.after(0, () => this.#roster.start());
  }

  async #leave(): Promise<void> {
    await Promise.all(this.#roster.all.map((peer) => peer.leave()));
    await this.#session?.leave();
    await this.#shutDown(undefined);
  }

  async #shutDown(error: SkeinError | undefined): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#roster.close();
    this.#emit("closed", error);
    this.#emitter.all.clear();
  }

  #changeNetwork(reason: string): void {
    for (const peer of this.#roster.all) peer.networkChanged(reason);
  }

  #beat(): void {
    this.#history.sample(this.#roster.all, this.#parts.world.clock.nowMs());
    if (this.#emitter.all.get("stats")?.length) this.#emit("stats", this.stats());
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new SkeinError("closed", "This room was left: join again to go on.");
  }

  #find(to: PeerId | Peer): RemotePeer {
    this.#mustBeOpen();
    const id = typeof to === "string" ? to : to?.id;
    const peer = this.#roster.peers.get(id);
    if (peer !== undefined) return peer;
    // For programs that no compiler looks at, `undefined` among others.
    throw new SkeinError("no-such-peer", `No peer ${parsePeerId(String(id))} is in room "${this.name}".`);
  }

  #reject({ code, reason }: Rejected, from: PeerId | "server"): void {
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
    this.#emit("rejected", { code, reason, from });
  }

  #emit<Name extends keyof RoomEvents>(name: Name, event: RoomEvents[Name]): void {
    this.#history.tell([name, event] as Parameters<History["tell"]>[0], this.#parts.world.clock.wallMs());
    this.#emitter.emit(name, event);
  }
}
