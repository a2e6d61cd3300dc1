/** What goes over the network for one lane of an association: a piece of a message, or word of what came. */
export type LanePacket =
  | {
      readonly type: "data";
      /** Counts up, piece by piece. */
      readonly number: number;
      /** The message ends with it. */
      readonly last: boolean;
      readonly body: Uint8Array;
    }
  | {
      readonly type: "ack";
      /** All below have come, or were given up. */
      readonly next: number;
      /** Beyond those. */
      readonly also: readonly number[];
    }
  /** All below are given up (RFC 3758 §3.2: FORWARD-TSN). */
  | { readonly type: "skip"; readonly to: number };

export interface LaneSink {
  transmit(packet: LanePacket): void;
  deliver(message: Uint8Array): void;
}

export interface LaneOptions {
  /** How often a piece is sent again before it is given up. Infinity: never. */
  readonly maxRetransmits: number;
}

interface InFlight {
  readonly packet: Extract<LanePacket, { type: "data" }>;
  sentAtMs: number;
  retransmits: number;
  /** How many acknowledgements passed it over. */
  missed: number;
  state: "sent" | "due" | "acknowledged" | "abandoned";
}

const pieceBytes = 16 * 1024;
/** RFC 9260 §16: the least; and of Chromium, the most, so that a path that is back wakes within it. */
const timeoutLeastMs = 1_000;
const timeoutMostMs = 3_000;
/** RFC 9260 §7.2.4. */
const missedMost = 3;
const windowFirstBytes = 64 * 1024;
const windowLeastBytes = 2 * pieceBytes;
const windowMostBytes = 2 * 1024 * 1024;

/**
 * As much of SCTP (RFC 9260) as a data channel shows: messages in order, pieces that are lost sent again, or given up after a few
 * times (RFC 3758), and a window that grows and shrinks. Each channel has one of its own, so none waits for another's losses.
 *
 * Invariants: a message is delivered whole, once, in order; nothing is sent beyond the window.
 */
export class ReliableLane {
  readonly #options: LaneOptions;
  readonly #sink: LaneSink;
  readonly #waiting: Extract<LanePacket, { type: "data" }>[] = [];
  readonly #inFlight = new Map<number, InFlight>();
  #numbered = 0;
  #bufferedBytes = 0;
  #inFlightBytes = 0;
  #windowBytes = windowFirstBytes;
  #timeoutMs = timeoutLeastMs;
  #timerAtMs: number | undefined;
  /** When the other side last acknowledged something, while anything is under way. */
  #stuckSinceMs: number | undefined;
  #expected = 0;
  readonly #early = new Map<number, Extract<LanePacket, { type: "data" }>>();
  #partial: Uint8Array[] = [];
  /** Pieces of a message of which one was given up. */
  #tail: "whole" | "torn" = "whole";

  constructor(options: LaneOptions, sink: LaneSink) {
    this.#options = options;
    this.#sink = sink;
  }

  /** What waits to be sent for the first time. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Nothing waits, and nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  /** Since when nothing of what is under way was acknowledged. */
  get stuckSinceMs(): number | undefined {
    return this.#stuckSinceMs;
  }

  send(message: Uint8Array, nowMs: number): void {
    this.#bufferedBytes += message.length;
    for (let at = 0; at < message.length || at === 0; at += pieceBytes) {
      const body = message.subarray(at, at + pieceBytes);
      this.#waiting.push({ type: "data", number: this.#numbered++, last: at + pieceBytes >= message.length, body });
    }
    this.#transmit(nowMs);
  }

  receive(packet: LanePacket, nowMs: number): void {
    switch (packet.type) {
      case "data":
        return this.#take(packet);
      case "ack":
        return this.#acknowledge(packet, nowMs);
      case "skip":
        return this.#skip(packet.to);
    }
  }

  /** When to {@link ReliableLane.wake}. */
  deadline(): number | undefined {
    return this.#timerAtMs;
  }

  /** Nothing came back in time: all that is under way is due again. */
  wake(nowMs: number): void {
    if (this.#timerAtMs === undefined || nowMs < this.#timerAtMs) return;
    this.#timeoutMs = Math.min(timeoutMostMs, 2 * this.#timeoutMs);
    this.#windowBytes = windowLeastBytes;
    for (const piece of this.#inFlight.values()) if (piece.state === "sent") this.#lose(piece);
    this.#timerAtMs = undefined;
    this.#transmit(nowMs);
  }

  #transmit(nowMs: number): void {
    this.#abandon();
    for (const piece of this.#inFlight.values()) {
      if (piece.state !== "due") continue;
      if (!this.#hasRoom(piece.packet.body.length)) break;
      piece.state = "sent";
      piece.sentAtMs = nowMs;
      piece.retransmits++;
      this.#inFlightBytes += piece.packet.body.length;
      this.#sink.transmit(piece.packet);
    }
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !this.#hasRoom(next.body.length)) break;
      this.#waiting.shift();
      this.#bufferedBytes -= next.body.length;
      this.#inFlightBytes += next.body.length;
      this.#inFlight.set(next.number, { packet: next, sentAtMs: nowMs, retransmits: 0, missed: 0, state: "sent" });
      this.#sink.transmit(next);
    }
    this.#arm(nowMs);
  }

  #arm(nowMs: number): void {
    if (this.#inFlight.size === 0) {
      this.#timerAtMs = undefined;
      this.#stuckSinceMs = undefined;
      return;
    }
    this.#timerAtMs ??= nowMs + this.#timeoutMs;
    this.#stuckSinceMs ??= nowMs;
  }

  #hasRoom(bytes: number): boolean {
    return this.#inFlightBytes === 0 || this.#inFlightBytes + bytes <= this.#windowBytes;
  }

  #lose(piece: InFlight): void {
    this.#inFlightBytes -= piece.packet.body.length;
    piece.missed = 0;
    piece.state = piece.retransmits >= this.#options.maxRetransmits ? "abandoned" : "due";
  }

  /** What was given up needn't be waited for: the other side is told how far. A word of it may be lost, and is said again. */
  #abandon(): void {
    let to: number | undefined;
    for (const [number, piece] of this.#inFlight) {
      if (piece.state !== "abandoned" && piece.state !== "acknowledged") break;
      if (piece.state === "abandoned") to = number + 1;
    }
    if (to !== undefined) this.#sink.transmit({ type: "skip", to });
  }

  #acknowledge({ next, also }: Extract<LanePacket, { type: "ack" }>, nowMs: number): void {
    let isProgress = false;
    let highest = next - 1;
    for (const [number, piece] of this.#inFlight) {
      if (number >= next) break;
      this.#settle(piece, nowMs);
      this.#inFlight.delete(number);
      isProgress = true;
    }
    for (const number of also) {
      highest = Math.max(highest, number);
      const piece = this.#inFlight.get(number);
      if (piece === undefined || piece.state === "acknowledged") continue;
      this.#settle(piece, nowMs);
      isProgress = true;
    }
    let hasLost = false;
    for (const [number, piece] of this.#inFlight) {
      if (number >= highest) break;
      if (piece.state !== "sent" || ++piece.missed < missedMost) continue;
      this.#lose(piece);
      hasLost = true;
    }
    if (hasLost) this.#windowBytes = Math.max(windowLeastBytes, this.#windowBytes / 2);
    if (isProgress) {
      this.#stuckSinceMs = undefined;
      this.#timerAtMs = undefined;
    }
    this.#transmit(nowMs);
  }

  #settle(piece: InFlight, nowMs: number): void {
    if (piece.state === "sent") {
      this.#inFlightBytes -= piece.packet.body.length;
      // Karn's rule (RFC 6298 §3): only what was sent once says something of the round trip.
      if (piece.retransmits === 0) {
        this.#timeoutMs = Math.min(timeoutMostMs, Math.max(timeoutLeastMs, 2 * (nowMs - piece.sentAtMs)));
      }
    }
    piece.state = "acknowledged";
    this.#windowBytes = Math.min(windowMostBytes, this.#windowBytes + piece.packet.body.length);
  }

  #take(packet: Extract<LanePacket, { type: "data" }>): void {
    if (packet.number >= this.#expected) this.#early.set(packet.number, packet);
    this.#advance();
    this.#sink.transmit({ type: "ack", next: this.#expected, also: [...this.#early.keys()] });
  }

  #skip(to: number): void {
    while (this.#expected < to) {
      const packet = this.#early.get(this.#expected);
      this.#early.delete(this.#expected++);
      if (packet === undefined) this.#tear();
      else this.#put(packet);
    }
    this.#advance();
    this.#sink.transmit({ type: "ack", next: this.#expected, also: [...this.#early.keys()] });
  }

  #advance(): void {
    for (;;) {
      const packet = this.#early.get(this.#expected);
      if (packet === undefined) return;
      this.#early.delete(this.#expected++);
      this.#put(packet);
    }
  }

  #tear(): void {
    this.#partial = [];
    this.#tail = "torn";
  }

  #put({ body, last }: Extract<LanePacket, { type: "data" }>): void {
    this.#partial.push(body);
    if (!last) return;
    const pieces = this.#partial;
    this.#partial = [];
    const isWhole = this.#tail === "whole";
    this.#tail = "whole";
    if (isWhole) this.#sink.deliver(concat(pieces));
  }
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
