import {
  type Acknowledgement,
  type Close,
  equalBytes,
  features,
  type Hello,
  lanes,
  limits,
  type ProtocolVersions,
  type RandomBytes,
  type Rejected,
  SkeinError,
  type WireRecord,
} from "@skein/protocol";
import { Alarm, type Clock } from "../clock.js";
import { lostMs, sleptMs } from "../core/liveness.js";
import { LossyLane, lossyLane } from "../core/lossy-lane.js";
import { type ChooserEvent, chooserDeadline, type PathKind, startChooser, stepChooser } from "../core/path-chooser.js";
import { type Cursor, Session } from "../core/session.js";
import { type Deferred, deferred } from "../deferred.js";
import type { FrameSink } from "./frame-writer.js";
import { Path } from "./path.js";
import { addTraffic, type LinkTraffic, noTraffic, pathTraffic } from "./traffic.js";

/** What a link tells of one of its paths. `opened`: both sides said HELLO. */
export type PathNews = "opened" | "trusted" | "suspect" | "down";

export interface LinkListener {
  /** The other side is known: messages can go. Again after each {@link LinkListener.lost}. */
  up(theirs: ProtocolVersions, features: readonly string[]): void;
  /** The next message of a lane, {@link lossyLane} among them. Until what it gives has settled, it counts against the window; undefined is at once. */
  message(lane: number, message: Uint8Array): Promise<unknown> | undefined;
  /** Other paths carry the link than before, or none does any more. */
  pathChanged(reason: string): void;
  /** Something became of a path. */
  pathNews(kind: PathKind, news: PathNews, reason: string): void;
  /** The other side forgot this conversation, or broke it: what wasn't acknowledged is lost. The next path begins a new one. */
  lost(error: SkeinError): void;
  /** The other side said that it leaves. */
  left(): void;
  rejected(rejection: Rejected): void;
}

/** How many bytes of each lane may be under way to us. */
export const windowBytes = 2 << 20;
/** Four of them and their heads fill a frame. */
const pieceBytes = 16_000;
/** A lane with more than this waiting makes its senders wait. */
const queueBytes = 256 * 1024;
/** What a sender gets that needn't wait: the same for all. */
const accepted = Promise.resolve();
/** A link that had no path for so long is lost. */
export const pathlessMs = 60_000;
/** What comes over a path at rest says that the other side doubts the one we use: ask it, unless it was heard just now. */
const askAfterMs = 500;

/** The conversation as it stands. */
type State =
  /** Nobody has said HELLO yet. */
  | { readonly phase: "new" }
  /** `theirs` is the incarnation of the other end that we talk with. */
  | { readonly phase: "met"; readonly theirs: Uint8Array }
  | { readonly phase: "closed" };

/** A sender that waits for room in its lane. */
interface Waiting {
  readonly lane: number;
  readonly roomy: Deferred<void>;
}

/** A path of the link. */
interface Carrier {
  readonly kind: PathKind;
  readonly path: Path;
  /** What our HELLO said on it. */
  told: Acknowledgement;
  /** How far it has come. It has none while it greets. */
  cursor: Cursor | undefined;
}

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
  readonly #carriers = new Map<PathKind, Carrier>();
  #chooser = startChooser;
  /** The carriers that the chooser chose. */
  #inUse: readonly Carrier[] = [];
  #waiting: Waiting[] = [];
  #state: State = { phase: "new" };
  #ours: Uint8Array;
  #session: Session;
  #lossy = new LossyLane();
  #lossyDropped = 0;
  #pathlessAtMs: number | undefined;
  #emptied: Deferred<void> | undefined;
  #past: LinkTraffic = noTraffic;

  constructor(options: { clock: Clock; random: RandomBytes; protocols: ProtocolVersions; listener: LinkListener }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#protocols = options.protocols;
    this.#listener = options.listener;
    this.#alarm = new Alarm(options.clock, () => this.#wake());
    this.#ours = this.#random(8);
    this.#session = this.#freshSession();
  }

  /** Whether some of what was sent waits for the other side's windows, or for a path. */
  get isHeldBack(): boolean {
    return lanes.some((_, lane) => this.#session.queuedBytes(lane) > 0);
  }

  /** What carries it now. Where two do because one is in doubt, the relay, which is there for that. */
  get carriedBy(): PathKind | undefined {
    return this.#inUse.at(-1)?.kind;
  }

  /** No path carries it, or none that answers in time. */
  get isDoubtful(): boolean {
    return this.#inUse.every(({ path }) => path.isSuspect);
  }

  /** The smoothed round trip of what carries it, in milliseconds. */
  get rttMs(): number | undefined {
    return this.#inUse.at(-1)?.path.rttMs;
  }

  get traffic(): LinkTraffic {
    let traffic = addTraffic(this.#past, this.#messages());
    for (const { kind, path } of this.#carriers.values()) traffic = addTraffic(traffic, pathTraffic(kind, path.bytes));
    return traffic;
  }

  /** A channel is there: greets the other side over it. It takes the place of an earlier one of its kind. */
  open(kind: PathKind, sink: FrameSink): Path {
    this.#drop(kind, "another path took its place");
    const path: Path = new Path({
      sink,
      clock: this.#clock,
      restsQuietly: kind === "relay",
      listener: {
        pull: (mostBytes) => this.#pull(carrier, mostBytes),
        hello: (theirs) => this.#greeted(carrier, theirs),
        data: (record, nowMs) => this.#session.receive(record, nowMs),
        dataTaken: () => this.#received(carrier),
        lossy: (record) => this.#receiveLossy(carrier, record),
        acknowledged: (theirs) => this.#acknowledged(theirs),
        asked: () => this.#asked(carrier),
        judged: (trust, reason) => this.#judge(carrier, trust, reason),
        down: (reason, close) => this.#down(carrier, reason, close),
        rejected: (rejection) => this.#listener.rejected(rejection),
      },
    });
    const carrier: Carrier = { kind, path, told: this.#session.acknowledgement, cursor: undefined };
    this.#carriers.set(kind, carrier);
    this.#arm();
    this.#greet(carrier);
    return path;
  }

  /** Whether a message sent in this lane now would be accepted at once. */
  hasRoom(lane: number): boolean {
    if (lane === lossyLane) return this.#inUse.some(({ path }) => path.hasLossyRoom);
    return this.#state.phase !== "closed" && this.#session.queuedBytes(lane) <= queueBytes;
  }

  /** Sends a message. Resolves once its lane has room again, at once for {@link lossyLane}; fails with `link-lost`. */
  send(lane: number, message: Uint8Array): Promise<void> {
    if (this.#state.phase === "closed") return Promise.reject(linkLost("it is closed", 0));
    if (lane === lossyLane) return this.#sendLossy(message);
    this.#session.send(lane, message);
    for (const { path } of this.#inUse) path.offer(message.length);
    if (this.hasRoom(lane)) return accepted;
    const roomy = deferred<void>();
    this.#waiting.push({ lane, roomy });
    return roomy.promise;
  }

  /** A lossy message had no link to go over. */
  noteDropped(): void {
    this.#lossyDropped++;
  }

  /** There is reason to ask whether the other side is still there. */
  doubt(): void {
    for (const { path } of this.#inUse) path.doubt();
  }

  /** There is reason to think that a path is dead: others carry beside it until it answers. */
  denounce(kind: PathKind, reason: string): void {
    this.#carriers.get(kind)?.path.denounce(reason);
  }

  /** The other side broke a rule of the conversation: it can't go on. */
  violate(reason: string): void {
    if (this.#state.phase === "closed") return;
    for (const { path } of [...this.#carriers.values()]) path.refuse(reason);
    this.#begin(reason);
  }

  /** Resolves when the other side has all that was sent, or when the link ends. */
  settled(): Promise<void> {
    if (this.#session.unacknowledged === 0 || this.#state.phase === "closed") return Promise.resolve();
    this.#emptied ??= deferred();
    return this.#emptied.promise;
  }

  /** Says goodbye on the paths there are. */
  sayGoodbye(close: Close): void {
    for (const { path } of this.#carriers.values()) path.close(close);
  }

  /** Ends the link for good. */
  close(reason: string): void {
    if (this.#state.phase === "closed") return;
    this.#dropAll(reason);
    this.#fail(linkLost(reason, this.#session.unacknowledged));
    this.#state = { phase: "closed" };
    this.#alarm.set(undefined);
    this.#emptied?.resolve();
  }

  #freshSession(): Session {
    return new Session(
      { windowBytes, pieceBytes, messageBytes: limits.messageBytes },
      {
        deliver: (lane, message) => this.#deliver(lane, message),
        violate: (reason) => this.violate(reason),
      },
    );
  }

  #greet(carrier: Carrier): void {
    carrier.told = this.#session.acknowledgement;
    const { next, credit } = carrier.told;
    carrier.path.greet({
      link: this.#ours,
      ...(this.#state.phase === "met" ? { of: this.#state.theirs } : {}),
      protocols: Object.fromEntries(Object.entries(this.#protocols).map(([name, versions]) => [name, [...versions]])),
      features: [...features],
      next,
      credit: [...credit],
    });
  }

  #greeted(carrier: Carrier, theirs: Hello): void {
    if (!this.#has(carrier) || this.#state.phase === "closed") return;
    // They talk with an end of ours that is no more: our own HELLO tells them, and they will say theirs again.
    if (theirs.of !== undefined && !equalBytes(theirs.of, this.#ours)) return;
    if (this.#state.phase === "met" && !equalBytes(theirs.link, this.#state.theirs)) {
      this.#begin("the peer forgot it", carrier);
      this.#greet(carrier);
    }
    const isNew = this.#state.phase === "new";
    this.#state = { phase: "met", theirs: theirs.link };
    const cursor = this.#session.resume(theirs, carrier.told);
    if (cursor === undefined) return;
    if (carrier.cursor !== undefined) this.#session.retire(carrier.cursor);
    carrier.cursor = cursor;
    this.#settle();
    const change = this.#choose({ type: "opened", path: carrier.kind });
    this.#engage(carrier);
    if (isNew) this.#listener.up(theirs.protocols, theirs.features);
    this.#report(carrier.kind, "opened", "a path is open", change);
    // Its first answer may have come before HELLO.
    if (this.#has(carrier) && carrier.path.isTrusted) this.#tell(carrier.kind, "trusted", "it answers");
  }

  #has(carrier: Carrier): boolean {
    return this.#carriers.get(carrier.kind) === carrier;
  }

  /** A relay at rest asks nothing. So the other side has taken it into use: it doubts the direct path, and may know why. */
  #asked(carrier: Carrier): void {
    if (carrier.kind === "relay" && !this.#inUse.includes(carrier))
      this.denounce("direct", "the peer turned to the relay");
  }

  #judge(carrier: Carrier, trust: "trusted" | "suspect", reason: string): void {
    // Before HELLO it is the path's own concern.
    if (this.#has(carrier) && carrier.cursor !== undefined) this.#tell(carrier.kind, trust, reason);
  }

  #tell(path: PathKind, news: PathNews, reason: string): void {
    this.#report(path, news, reason, this.#choose({ type: news, path, reason }));
  }

  #report(path: PathKind, news: PathNews, reason: string, change: string | undefined): void {
    this.#listener.pathNews(path, news, reason);
    if (change !== undefined) this.#listener.pathChanged(change);
  }

  /** Gives why others carry now, where they do. */
  #choose(event: ChooserEvent): string | undefined {
    const { state, effects } = stepChooser(this.#chooser, event, this.#clock.nowMs());
    this.#chooser = state;
    for (const { paths } of effects) this.#use(paths);
    this.#arm();
    return effects[0]?.reason;
  }

  #use(kinds: readonly PathKind[]): void {
    this.#inUse = kinds.flatMap((kind) => this.#carriers.get(kind) ?? []);
    for (const carrier of this.#carriers.values()) this.#engage(carrier);
    if (this.#inUse.length > 0) this.#pathlessAtMs = undefined;
    else if (this.#state.phase === "met") this.#pathlessAtMs = this.#clock.nowMs() + pathlessMs;
  }

  /** Once both sides have greeted, a path carries or rests. */
  #engage(carrier: Carrier): void {
    if (carrier.cursor === undefined) return;
    if (this.#inUse.includes(carrier)) carrier.path.carry();
    else carrier.path.rest();
  }

  #pull({ cursor }: Carrier, mostBytes: number): Uint8Array | undefined {
    if (cursor === undefined) return undefined;
    const frame = this.#session.pull(cursor, mostBytes, this.#clock.nowMs());
    this.#arm();
    this.#makeRoom();
    return frame;
  }

  #received(carrier: Carrier): void {
    this.#arm();
    this.#heedRest(carrier);
    this.#wakePaths();
  }

  #sendLossy(message: Uint8Array): Promise<void> {
    if (this.hasRoom(lossyLane)) {
      const record = this.#lossy.number(message);
      for (const { path } of this.#inUse) path.sendLossy(record);
    } else this.noteDropped();
    return accepted;
  }

  #receiveLossy(carrier: Carrier, record: Extract<WireRecord, { type: "lossy" }>): void {
    this.#heedRest(carrier);
    const lossy = this.#lossy;
    if (!lossy.receive(record)) return;
    const done = () => lossy.release(record.payload.length);
    const handled = this.#listener.message(lossyLane, record.payload);
    if (handled === undefined) done();
    else void handled.then(done, done);
  }

  #heedRest(carrier: Carrier): void {
    if (!this.#inUse.includes(carrier)) for (const { path } of this.#inUse) path.doubt(askAfterMs);
  }

  #acknowledged(theirs: Acknowledgement): boolean {
    const hadMore = this.#session.receiveAcknowledgement(theirs);
    this.#wakePaths();
    this.#settle();
    // Where two paths carry, nobody knows which of them brought it there.
    return hadMore && this.#inUse.length < 2;
  }

  #wakePaths(): void {
    for (const { path } of this.#inUse) path.wake();
  }

  #settle(): void {
    if (this.#session.unacknowledged > 0) return;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  #deliver(lane: number, message: Uint8Array): void {
    const session = this.#session;
    const handled = this.#listener.message(lane, message);
    // Most are dealt with at once, and cost no promise; what that frees is told once their frame is taken.
    if (handled === undefined) return session.release(lane, message.length);
    const done = () => {
      // Of a conversation that was begun anew meanwhile, nobody keeps count.
      if (session !== this.#session) return;
      session.release(lane, message.length);
      this.#wakePaths();
    };
    void handled.then(done, done);
  }

  #makeRoom(): void {
    if (this.#waiting.length === 0) return;
    const isFull = ({ lane }: Waiting) => this.#session.queuedBytes(lane) > queueBytes;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(isFull);
    for (const sender of waiting) if (!isFull(sender)) sender.roomy.resolve();
  }

  #down(carrier: Carrier, reason: string, close: Close | undefined): void {
    if (!this.#has(carrier)) return;
    this.#forget(carrier);
    if (close?.code === "left") return this.#listener.left();
    if (close !== undefined) this.#begin(close.reason);
    this.#tell(carrier.kind, "down", reason);
  }

  #drop(kind: PathKind, reason: string): void {
    const carrier = this.#carriers.get(kind);
    if (carrier === undefined) return;
    this.#forget(carrier);
    carrier.path.lose(reason);
    this.#tell(kind, "down", reason);
  }

  #dropAll(reason: string, keep?: Carrier): void {
    for (const carrier of [...this.#carriers.values()]) {
      if (carrier !== keep) this.#drop(carrier.kind, reason);
    }
  }

  /** It is no path of this link any more. What it carried stays counted. */
  #forget({ kind, path, cursor }: Carrier): void {
    this.#past = addTraffic(this.#past, pathTraffic(kind, path.bytes));
    if (cursor !== undefined) this.#session.retire(cursor);
    this.#carriers.delete(kind);
    this.#arm();
  }

  #messages(): Partial<LinkTraffic> {
    const { sent, received } = this.#session.counts;
    const lossy = this.#lossy.counts;
    return {
      messagesSent: sent + lossy.sent,
      messagesReceived: received + lossy.received,
      messagesDropped: this.#lossyDropped,
    };
  }

  /** What was said is lost, and said so; the next HELLO begins a new conversation. */
  #begin(reason: string, keep?: Carrier): void {
    const error = linkLost(reason, this.#session.unacknowledged);
    this.#past = addTraffic(this.#past, this.#messages());
    this.#ours = this.#random(8);
    this.#session = this.#freshSession();
    this.#lossy = new LossyLane();
    this.#lossyDropped = 0;
    if (keep !== undefined) keep.cursor = undefined;
    this.#state = { phase: "new" };
    this.#pathlessAtMs = undefined;
    // They greeted for an end of ours that is no more.
    this.#dropAll(reason, keep);
    this.#arm();
    this.#fail(error);
    this.#settle();
    this.#listener.lost(error);
  }

  #fail(error: SkeinError): void {
    for (const { roomy } of this.#waiting.splice(0)) roomy.reject(error);
  }

  #wake(): void {
    const nowMs = this.#clock.nowMs();
    this.#endPathless(nowMs);
    for (const { cursor } of this.#inUse) if (cursor !== undefined) this.#session.wake(cursor, nowMs);
    const change = this.#choose({ type: "woke" });
    this.#wakePaths();
    if (change !== undefined) this.#listener.pathChanged(change);
  }

  #endPathless(nowMs: number): void {
    const atMs = this.#pathlessAtMs;
    if (atMs === undefined || nowMs < atMs) return;
    // While we slept there was no path to be had: one may be there in a moment.
    if (nowMs >= atMs + sleptMs) this.#pathlessAtMs = nowMs + lostMs;
    else this.#begin(`there was no path for ${pathlessMs / 1000} s`);
  }

  #arm(): void {
    let atMs = chooserDeadline(this.#chooser)?.atMs ?? Number.POSITIVE_INFINITY;
    for (const { cursor } of this.#inUse) {
      if (cursor !== undefined) atMs = Math.min(atMs, this.#session.deadline(cursor) ?? atMs);
    }
    // A path that greets holds the end off: what it told of us stays true until it carries, or is lost itself.
    if (this.#carriers.size === 0) atMs = Math.min(atMs, this.#pathlessAtMs ?? atMs);
    this.#alarm.set(atMs === Number.POSITIVE_INFINITY ? undefined : atMs);
  }
}

function linkLost(reason: string, unacknowledged: number): SkeinError {
  const count = unacknowledged === 1 ? "1 message was" : `${unacknowledged} messages were`;
  return new SkeinError("link-lost", `The link ended: ${reason}. ${count} never acknowledged.`);
}
