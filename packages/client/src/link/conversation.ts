import {
  type Acknowledgement,
  equalBytes,
  features,
  type Hello,
  limits,
  type ProtocolVersions,
  SkeinError,
  type WireRecord,
} from "@skein/protocol";
import { LossyLane, lossyLane } from "../core/lossy-lane.js";
import { type Cursor, Session } from "../core/session.js";
import { type Deferred, deferred } from "../deferred.js";
import type { LinkTraffic } from "./traffic.js";
import { accepted, WaitingSenders } from "./waiting-senders.js";

/** What a conversation tells its link. */
export interface ConversationListener {
  /** As {@link LinkListener.message}. */
  message(lane: number, message: Uint8Array): Promise<unknown> | undefined;
  /** A message was dealt with after all: the other side's window may have grown. */
  released(): void;
  /** The other side broke a rule. */
  readonly violate: (reason: string) => void;
}

/** How many bytes of each lane may be under way to us: what 100 MB a second and 40 ms take. */
export const windowBytes = 4 << 20;
/** Four of them and their heads fill a frame. */
const pieceBytes = 16_000;
/** Twice what three windows of ours let the other side have under way. */
const unacknowledgedBytes = 32 << 20;

/** The other end of a conversation. */
type Theirs =
  /** It hasn't said HELLO yet. */
  { readonly phase: "unknown" } | { readonly phase: "met"; readonly incarnation: Uint8Array };

/**
 * What two ends of a link say to each other, from the first HELLO until one of them forgets it. It knows of no path: all that
 * it keeps outlives every one of them, and ends with it.
 */
export class Conversation {
  readonly session: Session;
  readonly lossy = new LossyLane();
  /** Of messages in the lanes of the session. */
  readonly senders: WaitingSenders;
  readonly #listener: ConversationListener;
  /** Our end's incarnation: 8 bytes that no other conversation has. */
  readonly #ours: Uint8Array;
  #theirs: Theirs = { phase: "unknown" };
  #emptied: Deferred<void> | undefined;

  constructor(ours: Uint8Array, listener: ConversationListener) {
    this.#ours = ours;
    this.#listener = listener;
    this.session = new Session(
      { windowBytes, pieceBytes, unacknowledgedBytes, messageBytes: limits.messageBytes },
      {
        deliver: (lane, message) => this.#deliver(lane, message),
        violate: listener.violate,
      },
    );
    this.senders = new WaitingSenders(this.session);
  }

  /** Both ends know each other. */
  get isMet(): boolean {
    return this.#theirs.phase === "met";
  }

  /** Its messages. */
  get traffic(): Partial<LinkTraffic> {
    const { sent, received } = this.session.counts;
    const lossy = this.lossy.counts;
    return {
      messagesSent: sent + lossy.sent,
      messagesReceived: received + lossy.received,
      messagesDropped: lossy.dropped,
    };
  }

  /** What we say on a path, where `told` is what we have had. */
  hello(protocols: ProtocolVersions, told: Acknowledgement): Hello {
    return {
      link: this.#ours,
      ...(this.#theirs.phase === "met" ? { of: this.#theirs.incarnation } : {}),
      protocols: Object.fromEntries(Object.entries(protocols).map(([name, versions]) => [name, [...versions]])),
      features: [...features],
      next: told.next,
      credit: [...told.credit],
    };
  }

  /** Whether a HELLO is for our end, or for whichever there is. */
  isMeant({ of }: Hello): boolean {
    return of === undefined || equalBytes(of, this.#ours);
  }

  /** Whether a HELLO comes from another end than the one that this conversation is with: that one is no more. */
  isOver({ link }: Hello): boolean {
    return this.#theirs.phase === "met" && !equalBytes(link, this.#theirs.incarnation);
  }

  /** Takes in whom it is with; gives whether that is new. */
  meet({ link }: Hello): boolean {
    const isNew = !this.isMet;
    this.#theirs = { phase: "met", incarnation: link };
    return isNew;
  }

  /** Where a path goes on from that greeted; undefined where what the other side says of that can't be. */
  resume(theirs: Hello, before: { told: Acknowledgement; cursor: Cursor | undefined }): Cursor | undefined {
    const cursor = this.session.resume(theirs, before.told);
    if (cursor === undefined) return undefined;
    if (before.cursor !== undefined) this.session.retire(before.cursor);
    this.settle();
    return cursor;
  }

  receiveLossy(record: Extract<WireRecord, { type: "lossy" }>): void {
    if (!this.lossy.receive(record)) return;
    const { length } = record.payload;
    // The bytes aren't held by what waits here: a small message may be a view of a large frame.
    const done = () => this.lossy.release(length);
    const handled = this.#listener.message(lossyLane, record.payload);
    if (handled === undefined) done();
    else void handled.then(done, done);
  }

  /** Resolves when the other side has all that was sent, or when the conversation ends. */
  settled(): Promise<void> {
    if (this.session.unacknowledged === 0) return accepted;
    this.#emptied ??= deferred();
    return this.#emptied.promise;
  }

  /** The other side has more than it had. */
  settle(): void {
    if (this.session.unacknowledged > 0) return;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  /** It is over: whoever waits for something of it is told. Gives what they are told. */
  end(reason: string): SkeinError {
    const error = linkLost(reason, this.session.unacknowledged);
    this.senders.fail(error);
    this.#emptied?.resolve();
    return error;
  }

  #deliver(lane: number, message: Uint8Array): void {
    const { length } = message;
    const handled = this.#listener.message(lane, message);
    // Most are dealt with at once, and cost no promise; what that frees is told once their frame is taken.
    if (handled === undefined) return this.session.release(lane, length);
    // As above.
    const done = () => {
      this.session.release(lane, length);
      this.#listener.released();
    };
    void handled.then(done, done);
  }
}

/** `link-lost`, for people: why, and what of ours the other side may not have. */
export function linkLost(reason: string, unacknowledged: number): SkeinError {
  const count = unacknowledged === 1 ? "1 message was" : `${unacknowledged} messages were`;
  return new SkeinError("link-lost", `The link ended: ${reason}. ${count} never acknowledged.`);
}
