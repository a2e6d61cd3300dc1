import {
  type Acknowledgement,
  dataRecordBytes,
  encodeAcknowledgement,
  laneCount,
  type WireRecord,
  writeData,
} from "@skein/protocol";
import { InLane } from "./in-lane.js";
import { OutLane, type Piece } from "./out-lane.js";
import { Queue } from "./queue.js";

/** Where a session's decisions go. */
export interface SessionSink {
  /** The next message of a lane, whole. Call {@link Session.release} with its length once it is dealt with. */
  deliver(lane: number, message: Uint8Array): void;
  /** The other side broke a rule: the link can't go on. */
  violate(reason: string): void;
}

export interface SessionOptions {
  /** How many bytes of each lane the other side may have under way. */
  readonly windowBytes: number;
  /** The largest message that is put together. */
  readonly messageBytes: number;
  /** The largest piece that a message is cut into: what others may have to wait for. */
  readonly pieceBytes: number;
  /** What is kept of records that went and aren't acknowledged, each with {@link recordOverheadBytes}, whatever was granted. */
  readonly unacknowledgedBytes: number;
}

/** What a record costs us beside its bytes, about. */
export const recordOverheadBytes = 128;

/** How far one path has come: with what we send, and with telling what we have. */
export interface Cursor {
  sequence: number;
  owed: AcknowledgementDue;
  /** What has arrived since it last told. */
  arrivedBytes: number;
  toldCredit: readonly number[];
}

/** How the lanes share a path: by these weights, where all have something to send. */
const laneWeights = [16, 4, 1] as const;

/** What may arrive before an acknowledgement goes out by itself: by bytes, and by time. */
const acknowledgeBytes = 256 * 1024;
const acknowledgeAfterMs = 20;

export type AcknowledgementDue =
  | { readonly due: "no" }
  | { readonly due: "by"; readonly atMs: number }
  | { readonly due: "now" };

/**
 * One end of a link's conversation: it numbers what goes out, keeps it until it is acknowledged, sends it again on the next
 * path, and delivers what comes in once, in order, a window at a time.
 *
 * Numbering is of the link and the direction, not of the path: a path may die at any moment, and any number of them may
 * carry the same records.
 *
 * Invariants:
 * 1. Messages of a lane are delivered in the order they were sent, each once.
 * 2. What isn't acknowledged is kept. {@link Session.unacknowledged} counts it, message by message.
 * 3. No more is under way in a lane than the other side granted; no more is held here than a window and one message a lane.
 * 4. No more is kept for the other side than the options say, and one record: also where it grants all and acknowledges nothing.
 * 5. Each path carries records in the order of their numbers, without a gap but for those that were acknowledged.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #sink: SessionSink;
  readonly #out = Array.from({ length: laneCount }, (_, lane) => new OutLane(lane));
  readonly #in: readonly InLane[];
  /** Start-time fair queueing (Goyal, Vin, Cheng 1996): each lane's virtual time; the smallest is served. */
  readonly #served = new Array<number>(laneCount).fill(0);
  #servedNow = 0;
  /** Sent and not acknowledged; the first has the number `#base`. */
  readonly #log = new Queue<Piece>();
  readonly #cursors = new Set<Cursor>();
  #logBytes = 0;
  #base = 0;
  #expected = 0;
  #messagesSent = 0;
  #messagesAcknowledged = 0;
  #messagesReceived = 0;
  #repeats = 0;

  constructor(options: SessionOptions, sink: SessionSink) {
    this.#options = options;
    this.#sink = sink;
    this.#in = this.#out.map(() => new InLane(options.windowBytes, options.messageBytes));
  }

  /** What HELLO tells: the number we expect next, and what each lane may send in all. */
  get acknowledgement(): Acknowledgement {
    return { next: this.#expected, credit: this.#credit() };
  }

  get counts(): { readonly sent: number; readonly received: number; readonly repeats: number } {
    return { sent: this.#messagesSent, received: this.#messagesReceived, repeats: this.#repeats };
  }

  /** Messages that the other side isn't known to have. */
  get unacknowledged(): number {
    return this.#messagesSent - this.#messagesAcknowledged;
  }

  /** What the records cost that the other side isn't known to have. */
  get keptBytes(): number {
    return this.#logBytes;
  }

  /** Bytes of a lane that no path has carried yet. */
  queuedBytes(lane: number): number {
    return (this.#out[lane] as OutLane).queuedBytes;
  }

  send(lane: number, message: Uint8Array): void {
    const out = this.#out[lane] as OutLane;
    // A lane that was idle has earned nothing by it.
    if (out.waitingMessages === 0) this.#served[lane] = Math.max(this.#served[lane] as number, this.#servedNow);
    out.add(message);
    this.#messagesSent++;
  }

  /**
   * A path is there, and this is what each side said on it. Gives where to go on from; undefined where the other lies.
   * @param ours what we said: other paths may have brought more since.
   */
  resume(theirs: Acknowledgement, ours: Acknowledgement): Cursor | undefined {
    if (!this.#acknowledge(theirs)) return undefined;
    const hasNews = ours.next < this.#expected || this.#credit().some((credit, lane) => credit !== ours.credit[lane]);
    const cursor: Cursor = {
      sequence: this.#base,
      owed: { due: hasNews ? "now" : "no" },
      arrivedBytes: 0,
      toldCredit: ours.credit,
    };
    this.#cursors.add(cursor);
    return cursor;
  }

  /** That path is gone. What it told may be lost with it: each other path tells all that it owes itself. */
  retire(cursor: Cursor): void {
    this.#cursors.delete(cursor);
  }

  /**
   * The next frame for a path, of at most so many bytes; undefined where there is nothing to say. An acknowledgement that
   * is owed goes with the data, or alone once it is due.
   */
  pull(cursor: Cursor, mostBytes: number, nowMs: number): Uint8Array | undefined {
    cursor.sequence = Math.max(cursor.sequence, this.#base);
    const first = cursor.sequence;
    const hasData = this.#log.at(first - this.#base) !== undefined || this.#turn() !== undefined;
    if (!hasData && !isDue(cursor, nowMs)) return undefined;
    const acknowledgement = cursor.owed.due === "no" ? undefined : this.#encodeAcknowledgement(cursor);
    let length = acknowledgement?.length ?? 0;
    for (;;) {
      const piece = this.#log.at(cursor.sequence - this.#base) ?? this.#cut(mostBytes - length, length === 0);
      if (piece === undefined) break;
      const bytes = dataRecordBytes(cursor.sequence, piece.body.length);
      if (length + bytes > mostBytes && length > 0) break;
      length += bytes;
      cursor.sequence++;
    }
    if (length === 0) return undefined;
    const frame = new Uint8Array(length);
    let offset = acknowledgement?.length ?? 0;
    if (acknowledgement !== undefined) frame.set(acknowledgement);
    for (let sequence = first; sequence < cursor.sequence; sequence++) {
      offset = writeData(frame, offset, sequence, this.#log.at(sequence - this.#base) as Piece);
    }
    return frame;
  }

  /** A data record came. */
  receive(record: Extract<WireRecord, { type: "data" }>, nowMs: number): void {
    if (record.sequence < this.#expected) {
      this.#repeats++;
      return this.#owe(nowMs, 0);
    }
    // A path has no gaps but for what we acknowledged, and that lies behind us.
    if (record.sequence > this.#expected) {
      return this.#sink.violate(`record ${record.sequence} came where ${this.#expected} was due`);
    }
    const lane = this.#in[record.lane];
    if (lane === undefined) return this.#sink.violate(`it used lane ${record.lane}`);
    const { message, violation } = lane.take(record.payload, record.last);
    if (violation !== undefined) return this.#sink.violate(violation);
    this.#expected++;
    this.#owe(nowMs, record.payload.length);
    if (message === undefined) return;
    this.#messagesReceived++;
    this.#sink.deliver(record.lane, message);
  }

  /** The other side said what it has; gives whether that is more than we knew. */
  receiveAcknowledgement(theirs: Acknowledgement): boolean {
    const before = this.#base;
    return this.#acknowledge(theirs) && this.#base > before;
  }

  /** A message of so many bytes, once delivered, is dealt with: as much may come. */
  release(lane: number, bytes: number): void {
    (this.#in[lane] as InLane).release(bytes);
    const { creditBytes } = this.#in[lane] as InLane;
    for (const cursor of this.#cursors) {
      const isGrown = creditBytes - (cursor.toldCredit[lane] as number) >= this.#options.windowBytes / 4;
      if (isGrown) cursor.owed = { due: "now" };
    }
  }

  /** When the acknowledgement of a path is due. */
  deadline({ owed }: Cursor): number | undefined {
    return owed.due === "by" ? owed.atMs : undefined;
  }

  /** The deadline came: the acknowledgement goes with the next pull, whenever the path has room for one. */
  wake(cursor: Cursor, nowMs: number): void {
    if (isDue(cursor, nowMs)) cursor.owed = { due: "now" };
  }

  #owe(nowMs: number, bytes: number): void {
    for (const cursor of this.#cursors) {
      cursor.arrivedBytes += bytes;
      if (cursor.owed.due === "now") continue;
      if (cursor.arrivedBytes >= acknowledgeBytes) cursor.owed = { due: "now" };
      else if (cursor.owed.due === "no") cursor.owed = { due: "by", atMs: nowMs + acknowledgeAfterMs };
    }
  }

  #credit(): number[] {
    return this.#in.map(({ creditBytes }) => creditBytes);
  }

  #encodeAcknowledgement(cursor: Cursor): Uint8Array {
    const acknowledgement = this.acknowledgement;
    cursor.toldCredit = acknowledgement.credit;
    cursor.owed = { due: "no" };
    cursor.arrivedBytes = 0;
    return encodeAcknowledgement(acknowledgement);
  }

  #acknowledge({ next, credit }: Acknowledgement): boolean {
    const sentUpTo = this.#base + this.#log.length;
    if (next > sentUpTo || credit.length !== laneCount) {
      this.#sink.violate("it acknowledged what was never sent");
      return false;
    }
    while (this.#base < next) {
      const piece = this.#log.shift() as Piece;
      if (piece.last) this.#messagesAcknowledged++;
      this.#logBytes -= costOf(piece);
      this.#base++;
    }
    for (const [lane, bytes] of credit.entries()) (this.#out[lane] as OutLane).grant(bytes);
    return true;
  }

  /** The lane to serve next: of those that may send, the one that was served least for its weight. */
  #turn(): number | undefined {
    if (this.#logBytes >= this.#options.unacknowledgedBytes) return undefined;
    let turn: number | undefined;
    for (let lane = 0; lane < laneCount; lane++) {
      if ((this.#out[lane] as OutLane).nextBytes(this.#options.pieceBytes) <= 0) continue;
      if (turn === undefined || (this.#served[lane] as number) < (this.#served[turn] as number)) turn = lane;
    }
    return turn;
  }

  /** Cuts the next piece, where it fits, and puts it into the log. */
  #cut(roomBytes: number, always: boolean): Piece | undefined {
    const lane = this.#turn();
    if (lane === undefined) return undefined;
    const out = this.#out[lane] as OutLane;
    const bytes = out.nextBytes(this.#options.pieceBytes);
    if (!always && dataRecordBytes(this.#base + this.#log.length, bytes) > roomBytes) return undefined;
    const piece = out.cut(bytes);
    this.#servedNow = this.#served[lane] as number;
    this.#served[lane] = this.#servedNow + bytes / (laneWeights[lane] as number);
    this.#log.push(piece);
    this.#logBytes += costOf(piece);
    return piece;
  }
}

function isDue({ owed }: Cursor, nowMs: number): boolean {
  return owed.due === "now" || (owed.due === "by" && owed.atMs <= nowMs);
}

function costOf({ body }: Piece): number {
  return body.length + recordOverheadBytes;
}
