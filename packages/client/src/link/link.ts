import {
  type Acknowledgement,
  type Close,
  equalBytes,
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
import { type Cursor, Session } from "../core/session.js";
import { type Deferred, deferred } from "../deferred.js";
import type { FrameSink } from "./frame-writer.js";
import { Path } from "./path.js";

export interface LinkListener {
  /** The other side is known: messages can go. Again after each {@link LinkListener.lost}. */
  up(theirs: ProtocolVersions): void;
  /** The next message of a lane. Call `done` once it is dealt with: until then it counts against the window. */
  message(lane: number, message: Uint8Array, done: () => void): void;
  /** A path carries the link, or none does any more. */
  pathChanged(reason: string): void;
  /** The other side forgot this conversation, or broke it: what wasn't acknowledged is lost. The next path begins a new one. */
  lost(error: SkeinError): void;
  /** The path had to be asked twice whether the other side is still there. */
  doubted(): void;
  /** The other side said that it leaves. */
  left(): void;
  rejected(rejection: Rejected): void;
}

/** What went through a link. Bytes are of frames, as the paths carried them. */
export interface LinkTraffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
}

/** How many bytes of each lane may be under way to us. */
export const windowBytes = 2 << 20;
/** Four of them and their heads fill a frame. */
const pieceBytes = 16_000;
/** A lane with more than this waiting makes its senders wait. */
const queueBytes = 256 * 1024;
/** A link that had no path for so long is lost. */
export const pathlessMs = 60_000;

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

/** A path that carries the link, and how far it has come. */
interface Carrier {
  readonly path: Path;
  readonly cursor: Cursor;
}

/**
 * The lasting conversation with one peer. Paths come and go under it; what one of them lost on its way, the next carries
 * again, and nothing is delivered twice.
 */
export class Link {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #protocols: ProtocolVersions;
  readonly #listener: LinkListener;
  readonly #alarm: Alarm;
  #waiting: Waiting[] = [];
  #state: State = { phase: "new" };
  #ours: Uint8Array;
  #session: Session;
  /** The newest path, whether it carries already or still greets. */
  #path: Path | undefined;
  #carrier: Carrier | undefined;
  #pathlessAtMs: number | undefined;
  #emptied: Deferred<void> | undefined;
  #past: LinkTraffic = { bytesSent: 0, bytesReceived: 0, messagesSent: 0, messagesReceived: 0 };

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

  /** Whether a path carries it now. */
  get isCarried(): boolean {
    return this.#carrier !== undefined;
  }

  /** No path carries it, or one that had to be asked twice whether the other side is still there. */
  get isDoubtful(): boolean {
    return this.#carrier?.path.isDoubtful ?? true;
  }

  /** The smoothed round trip of the path, in milliseconds. */
  get rttMs(): number | undefined {
    return this.#carrier?.path.rttMs;
  }

  get traffic(): LinkTraffic {
    const { sent, received } = this.#session.counts;
    const bytes = this.#path?.bytes ?? { sent: 0, received: 0 };
    return {
      bytesSent: this.#past.bytesSent + bytes.sent,
      bytesReceived: this.#past.bytesReceived + bytes.received,
      messagesSent: this.#past.messagesSent + sent,
      messagesReceived: this.#past.messagesReceived + received,
    };
  }

  /** A channel is there: greets the other side over it. It takes the place of an earlier one. */
  open(sink: FrameSink): Path {
    this.#drop("another path took its place");
    const path: Path = new Path({
      sink,
      clock: this.#clock,
      listener: {
        pull: (mostBytes) => this.#pull(path, mostBytes),
        hello: (theirs) => this.#greeted(path, theirs),
        data: (record) => this.#receive(record),
        acknowledged: (theirs) => this.#acknowledged(theirs),
        doubted: () => this.#listener.doubted(),
        down: (reason, close) => this.#down(path, reason, close),
        rejected: (rejection) => this.#listener.rejected(rejection),
      },
    });
    this.#path = path;
    this.#arm();
    path.greet(this.#hello());
    return path;
  }

  /** Sends messages of one lane, in their order. Resolves once the lane has room again; fails with `link-lost`. */
  async send(lane: number, ...messages: readonly Uint8Array[]): Promise<void> {
    if (this.#state.phase === "closed") throw linkLost("it is closed", 0);
    for (const message of messages) this.#session.send(lane, message);
    const { path } = this.#carrier ?? {};
    path?.noteTraffic();
    path?.wake();
    if (this.#session.queuedBytes(lane) <= queueBytes) return;
    const roomy = deferred<void>();
    this.#waiting.push({ lane, roomy });
    await roomy.promise;
  }

  doubt(): void {
    this.#carrier?.path.doubt();
  }

  /** The other side broke a rule of the conversation: it can't go on. */
  violate(reason: string): void {
    if (this.#state.phase === "closed") return;
    this.#path?.refuse(reason);
    this.#begin(reason);
  }

  /** Resolves when the other side has all that was sent, or when the link ends. */
  settled(): Promise<void> {
    if (this.#session.unacknowledged === 0 || this.#state.phase === "closed") return Promise.resolve();
    this.#emptied ??= deferred();
    return this.#emptied.promise;
  }

  /** Says goodbye on the path there is. */
  sayGoodbye(close: Close): void {
    this.#path?.close(close);
  }

  /** Ends the link for good. */
  close(reason: string): void {
    if (this.#state.phase === "closed") return;
    this.#drop(reason);
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

  #hello(): Hello {
    const { next, credit } = this.#session.acknowledgement;
    return {
      link: this.#ours,
      ...(this.#state.phase === "met" ? { of: this.#state.theirs } : {}),
      protocols: Object.fromEntries(Object.entries(this.#protocols).map(([name, versions]) => [name, [...versions]])),
      features: [],
      next,
      credit: [...credit],
    };
  }

  #greeted(path: Path, theirs: Hello): void {
    if (path !== this.#path || this.#state.phase === "closed") return;
    // They talk with an end of ours that is no more: our own HELLO tells them, and they will say theirs again.
    if (theirs.of !== undefined && !equalBytes(theirs.of, this.#ours)) return;
    if (this.#state.phase === "met" && !equalBytes(theirs.link, this.#state.theirs)) {
      this.#begin("the peer forgot it");
      path.greet(this.#hello());
    }
    const isNew = this.#state.phase === "new";
    this.#state = { phase: "met", theirs: theirs.link };
    const cursor = this.#session.resume(theirs);
    if (cursor === undefined) return;
    this.#carrier = { path, cursor };
    this.#pathlessAtMs = undefined;
    this.#arm();
    this.#settle();
    path.carry();
    if (isNew) this.#listener.up(theirs.protocols);
    this.#listener.pathChanged("a direct path is open");
  }

  #pull(path: Path, mostBytes: number): Uint8Array | undefined {
    const carrier = this.#carrier;
    if (carrier?.path !== path) return undefined;
    const frame = this.#session.pull(carrier.cursor, mostBytes, this.#clock.nowMs());
    this.#arm();
    this.#makeRoom();
    return frame;
  }

  #receive(record: Extract<WireRecord, { type: "data" }>): void {
    this.#session.receive(record, this.#clock.nowMs());
    this.#arm();
    this.#carrier?.path.wake();
  }

  #acknowledged(theirs: Acknowledgement): boolean {
    const hadMore = this.#session.receiveAcknowledgement(theirs);
    this.#carrier?.path.wake();
    this.#settle();
    return hadMore;
  }

  #settle(): void {
    if (this.#session.unacknowledged > 0) return;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  #deliver(lane: number, message: Uint8Array): void {
    const session = this.#session;
    this.#listener.message(lane, message, () => {
      // Of a conversation that was begun anew meanwhile, nobody keeps count.
      if (session !== this.#session) return;
      session.release(lane, message.length);
      this.#carrier?.path.wake();
    });
  }

  #makeRoom(): void {
    if (this.#waiting.length === 0) return;
    const isFull = ({ lane }: Waiting) => this.#session.queuedBytes(lane) > queueBytes;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(isFull);
    for (const sender of waiting) if (!isFull(sender)) sender.roomy.resolve();
  }

  #down(path: Path, reason: string, close: Close | undefined): void {
    if (path !== this.#path) return;
    this.#forget();
    if (close?.code === "left") return this.#listener.left();
    if (close !== undefined) this.#begin(close.reason);
    this.#listener.pathChanged(reason);
  }

  #drop(reason: string): void {
    const path = this.#path;
    this.#forget();
    path?.lose(reason);
  }

  /** There is no path any more. */
  #forget(): void {
    const bytes = this.#path?.bytes ?? { sent: 0, received: 0 };
    this.#past = {
      ...this.#past,
      bytesSent: this.#past.bytesSent + bytes.sent,
      bytesReceived: this.#past.bytesReceived + bytes.received,
    };
    this.#path = undefined;
    this.#carrier = undefined;
    if (this.#state.phase === "met") this.#pathlessAtMs ??= this.#clock.nowMs() + pathlessMs;
    this.#arm();
  }

  /** What was said is lost, and said so; the next HELLO begins a new conversation. */
  #begin(reason: string): void {
    const error = linkLost(reason, this.#session.unacknowledged);
    const { sent, received } = this.#session.counts;
    this.#past = {
      ...this.#past,
      messagesSent: this.#past.messagesSent + sent,
      messagesReceived: this.#past.messagesReceived + received,
    };
    this.#ours = this.#random(8);
    this.#session = this.#freshSession();
    this.#state = { phase: "new" };
    this.#carrier = undefined;
    this.#pathlessAtMs = undefined;
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
    if (this.#pathlessAtMs !== undefined && nowMs >= this.#pathlessAtMs) {
      this.#begin(`there was no path for ${pathlessMs / 1000} s`);
    }
    this.#session.wake(nowMs);
    this.#carrier?.path.wake();
    this.#arm();
  }

  #arm(): void {
    if (this.#carrier !== undefined) return this.#alarm.set(this.#session.deadline());
    // A path that greets holds the end off: what it told of us stays true until it carries, or is lost itself.
    this.#alarm.set(this.#path === undefined ? this.#pathlessAtMs : undefined);
  }
}

function linkLost(reason: string, unacknowledged: number): SkeinError {
  const count = unacknowledged === 1 ? "1 message was" : `${unacknowledged} messages were`;
  return new SkeinError("link-lost", `The link ended: ${reason}. ${count} never acknowledged.`);
}
