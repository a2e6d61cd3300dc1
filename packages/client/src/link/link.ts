import {
  type Acknowledgement,
  type Close,
  type Hello,
  lanes,
  type ProtocolVersions,
  type RandomBytes,
} from "@skein/protocol";
import { Alarm, type Clock } from "../clock.js";
import { lostMs, sleptMs } from "../core/liveness.js";
import { lossyLane } from "../core/lossy-lane.js";
import type { PathKind } from "../core/path-chooser.js";
import { returnMs } from "../core/reconnect.js";
import { type Carrier, Carriers } from "./carriers.js";
import { Conversation, linkLost } from "./conversation.js";
import type { FrameSink } from "./frame-writer.js";
import type { LinkListener } from "./link-listener.js";
import { Path } from "./path.js";
import { addTraffic, type LinkTraffic, noTraffic, pathTraffic } from "./traffic.js";
import { accepted } from "./waiting-senders.js";

/**
 * A link that had no path for so long is lost: after a cut of a minute both sides have still to come back to the server, and
 * there may be no path before.
 */
export const pathlessMs = 60_000 + returnMs;

/**
 * The lasting conversation with one peer. Paths come and go under it, one of a kind at a time; what one of them lost on its
 * way, the next carries again, and nothing is delivered twice.
 */
export class Link {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #protocols: ProtocolVersions;
  readonly #listener: LinkListener;
  readonly #alarm: Alarm;
  readonly #carriers: Carriers;
  #phase: "open" | "closed" = "open";
  #conversation: Conversation;
  #pathlessAtMs: number | undefined;
  /** Of conversations that are over, and of paths. */
  #past: LinkTraffic = noTraffic;

  constructor(options: { clock: Clock; random: RandomBytes; protocols: ProtocolVersions; listener: LinkListener }) {
    const { clock, listener } = options;
    this.#clock = clock;
    this.#random = options.random;
    this.#protocols = options.protocols;
    this.#listener = listener;
    this.#alarm = new Alarm(clock, () => this.#wake());
    this.#carriers = new Carriers({
      clock,
      listener,
      forgot: (carrier) => this.#forgot(carrier),
      arm: () => this.#arm(),
    });
    this.#conversation = this.#freshConversation();
  }

  /** Whether some of what was sent waits for the other side's windows, or for a path. */
  get isHeldBack(): boolean {
    return lanes.some((_, lane) => this.#conversation.session.queuedBytes(lane) > 0);
  }

  /** What carries it now. Where two do because one is in doubt, the relay, which is there for that. */
  get carriedBy(): PathKind | undefined {
    return this.#carriers.inUse.at(-1)?.kind;
  }

  /** No path carries it, or none that answers in time. */
  get isDoubtful(): boolean {
    return this.#carriers.inUse.every(({ path }) => path.isSuspect);
  }

  /** The smoothed round trip of what carries it, in milliseconds. */
  get rttMs(): number | undefined {
    return this.#carriers.inUse.at(-1)?.path.rttMs;
  }

  get traffic(): LinkTraffic {
    let traffic = addTraffic(this.#past, this.#conversation.traffic);
    for (const { kind, path } of this.#carriers.all) traffic = addTraffic(traffic, pathTraffic(kind, path.bytes));
    return traffic;
  }

  /** A channel is there: greets the other side over it. It takes the place of an earlier one of its kind. */
  open(kind: PathKind, sink: FrameSink): Path {
    const carriers = this.#carriers;
    carriers.drop(kind, "another path took its place");
    const path: Path = new Path({
      sink,
      clock: this.#clock,
      restsQuietly: kind === "relay",
      listener: {
        pull: (mostBytes) => this.#pull(carrier, mostBytes),
        hello: (theirs) => this.#greeted(carrier, theirs),
        data: (record, nowMs) => this.#conversation.session.receive(record, nowMs),
        dataTaken: () => this.#received(),
        lossy: (record) => this.#conversation.receiveLossy(record),
        acknowledged: (theirs) => this.#acknowledged(theirs),
        asked: () => carriers.asked(carrier),
        judged: (trust, reason) => carriers.judge(carrier, trust, reason),
        down: (reason, close) => this.#down(carrier, reason, close),
        rejected: (rejection) => this.#listener.rejected(rejection),
        violated: (reason) => this.violate(reason),
      },
    });
    const carrier: Carrier = { kind, path, told: this.#conversation.session.acknowledgement, cursor: undefined };
    carriers.add(carrier);
    this.#arm();
    this.#greet(carrier);
    return path;
  }

  /** Whether a message sent in this lane now would be accepted at once. */
  hasRoom(lane: number): boolean {
    if (lane === lossyLane) return this.#carriers.inUse.some(({ path }) => path.hasLossyRoom);
    return this.#phase !== "closed" && this.#conversation.senders.hasRoom(lane);
  }

  /** Sends a message. Resolves once its lane has room again, at once for {@link lossyLane}; fails with `link-lost`. */
  send(lane: number, message: Uint8Array): Promise<void> {
    if (this.#phase === "closed") return Promise.reject(linkLost("it is closed", 0));
    if (lane === lossyLane) return this.#sendLossy(message);
    this.#conversation.session.send(lane, message);
    for (const { path } of this.#carriers.inUse) path.offer(message.length);
    return this.#conversation.senders.wait(lane);
  }

  /** A lossy message had no link to go over. */
  noteDropped(): void {
    this.#conversation.lossy.drop();
  }

  /** There is reason to ask whether the other side is still there. */
  doubt(): void {
    this.#carriers.doubt();
  }

  /** There is reason to think that a path is dead: others carry beside it until it answers. */
  denounce(kind: PathKind, reason: string): void {
    this.#carriers.of(kind)?.path.denounce(reason);
  }

  /** The other side broke a rule of the conversation: it can't go on. */
  violate(reason: string): void {
    if (this.#phase === "closed") return;
    for (const { path } of this.#carriers.all) path.refuse(reason);
    this.#begin(reason);
  }

  /** Resolves when the other side has all that was sent, or when the link ends. */
  settled(): Promise<void> {
    return this.#phase === "closed" ? accepted : this.#conversation.settled();
  }

  /** How many messages of ours the other side isn't known to have. */
  get unacknowledged(): number {
    return this.#conversation.session.unacknowledged;
  }

  /** Says goodbye on the paths there are. */
  sayGoodbye(close: Close): void {
    for (const { path } of this.#carriers.all) path.close(close);
  }

  /** Ends the link for good. */
  close(reason: string): void {
    if (this.#phase === "closed") return;
    this.#carriers.dropAll(reason);
    this.#conversation.end(reason);
    this.#phase = "closed";
    this.#alarm.set(undefined);
  }

  #freshConversation(): Conversation {
    return new Conversation(this.#random(8), {
      message: (lane, message) => this.#listener.message(lane, message),
      released: () => this.#carriers.wakePaths(),
      violate: (reason) => this.violate(reason),
    });
  }

  #greet(carrier: Carrier): void {
    const conversation = this.#conversation;
    carrier.told = conversation.session.acknowledgement;
    carrier.path.greet(conversation.hello(this.#protocols, carrier.told));
  }

  #greeted(carrier: Carrier, theirs: Hello): void {
    const carriers = this.#carriers;
    if (!carriers.has(carrier) || this.#phase === "closed") return;
    // They talk with an end of ours that is no more: our own HELLO tells them, and they will say theirs again.
    if (!this.#conversation.isMeant(theirs)) return;
    const isOver = this.#conversation.isOver(theirs);
    if (isOver) this.#begin("the peer forgot it", carrier);
    // What they meant is over by now: they have to begin anew as well, or the two would do so in turns for ever.
    if (!this.#conversation.isMeant(theirs)) return this.#greet(carrier);
    const isNew = this.#conversation.meet(theirs);
    // Known by now, so that it says whom it means.
    if (isOver) this.#greet(carrier);
    const cursor = this.#conversation.resume(theirs, carrier);
    if (cursor === undefined) return;
    carrier.cursor = cursor;
    const change = carriers.open(carrier);
    if (isNew) this.#listener.up(theirs.protocols, theirs.features);
    carriers.report(carrier.kind, "opened", "a path is open", change);
    // Its first answer may have come before HELLO.
    if (carriers.has(carrier) && carrier.path.isTrusted) carriers.tell(carrier.kind, "trusted", "it answers");
  }

  #pull({ cursor }: Carrier, mostBytes: number): Uint8Array | undefined {
    if (cursor === undefined) return undefined;
    const frame = this.#conversation.session.pull(cursor, mostBytes, this.#clock.nowMs());
    this.#arm();
    this.#conversation.senders.admit();
    return frame;
  }

  #received(): void {
    this.#arm();
    this.#carriers.wakePaths();
  }

  #sendLossy(message: Uint8Array): Promise<void> {
    if (this.hasRoom(lossyLane)) {
      const record = this.#conversation.lossy.number(message);
      for (const { path } of this.#carriers.inUse) path.sendLossy(record);
    } else this.noteDropped();
    return accepted;
  }

  #acknowledged(theirs: Acknowledgement): boolean {
    const conversation = this.#conversation;
    const hadMore = conversation.session.receiveAcknowledgement(theirs);
    this.#carriers.wakePaths();
    conversation.settle();
    // Where two paths carry, nobody knows which of them brought it there.
    return hadMore && this.#carriers.inUse.length < 2;
  }

  #down(carrier: Carrier, reason: string, close: Close | undefined): void {
    const carriers = this.#carriers;
    if (!carriers.has(carrier)) return;
    carriers.forget(carrier);
    if (close?.code === "left") return this.#listener.left();
    if (close !== undefined) this.#begin(close.reason);
    carriers.tell(carrier.kind, "down", reason);
  }

  /** What a path carried stays counted. */
  #forgot({ kind, path, cursor }: Carrier): void {
    this.#past = addTraffic(this.#past, pathTraffic(kind, path.bytes));
    if (cursor !== undefined) this.#conversation.session.retire(cursor);
    this.#arm();
  }

  /** What was said is lost, and said so; the next HELLO begins a new conversation. */
  #begin(reason: string, keep?: Carrier): void {
    const before = this.#conversation;
    this.#past = addTraffic(this.#past, before.traffic);
    this.#conversation = this.#freshConversation();
    if (keep !== undefined) keep.cursor = undefined;
    this.#pathlessAtMs = undefined;
    // They greeted for an end of ours that is no more.
    this.#carriers.dropAll(reason, keep);
    this.#arm();
    this.#listener.lost(before.end(reason));
  }

  #wake(): void {
    const nowMs = this.#clock.nowMs();
    this.#endPathless(nowMs);
    for (const { cursor } of this.#carriers.inUse) {
      if (cursor !== undefined) this.#conversation.session.wake(cursor, nowMs);
    }
    const change = this.#carriers.wake();
    this.#carriers.wakePaths();
    if (change !== undefined) this.#listener.pathChanged(change);
  }

  #notePathless(): void {
    if (this.#carriers.inUse.length > 0) this.#pathlessAtMs = undefined;
    else if (this.#conversation.isMet) this.#pathlessAtMs ??= this.#clock.nowMs() + pathlessMs;
  }

  #endPathless(nowMs: number): void {
    const atMs = this.#pathlessAtMs;
    if (atMs === undefined || nowMs < atMs) return;
    // While we slept there was no path to be had: one may be there in a moment.
    if (nowMs >= atMs + sleptMs) this.#pathlessAtMs = nowMs + lostMs;
    else this.#begin(`there was no path for ${pathlessMs / 1000} s`);
  }

  #arm(): void {
    this.#notePathless();
    let atMs = this.#carriers.deadlineMs ?? Number.POSITIVE_INFINITY;
    for (const { cursor } of this.#carriers.inUse) {
      if (cursor !== undefined) atMs = Math.min(atMs, this.#conversation.session.deadline(cursor) ?? atMs);
    }
    // A path that greets holds the end off: what it told of us stays true until it carries, or is lost itself.
    if (this.#carriers.isEmpty) atMs = Math.min(atMs, this.#pathlessAtMs ?? atMs);
    this.#alarm.set(atMs === Number.POSITIVE_INFINITY ? undefined : atMs);
  }
}
