import { encodeData, type WireRecord } from "@skein/protocol";

/** Where a session's decisions go. */
export interface SessionSink {
  /** A record for the path. */
  transmit(record: Uint8Array): void;
  /** The next payload from the other side. */
  deliver(payload: Uint8Array): void;
  /** The other side broke the order: the link can't go on. */
  violate(reason: string): void;
}

/**
 * Numbers what goes out and checks the order of what comes in.
 *
 * Invariant: payloads are delivered in the order of their numbers, each once, without a gap; what would break that ends
 * the link instead.
 */
export class Session {
  #nextOut = 0;
  #nextIn = 0;
  readonly #sink: SessionSink;

  constructor(sink: SessionSink) {
    this.#sink = sink;
  }

  /** How many payloads went out and came in. */
  get counts(): { readonly sent: number; readonly received: number } {
    return { sent: this.#nextOut, received: this.#nextIn };
  }

  send(payload: Uint8Array): void {
    this.#sink.transmit(encodeData(this.#nextOut++, payload));
  }

  receive(record: Extract<WireRecord, { type: "data" }>): void {
    if (record.sequence !== this.#nextIn) {
      this.#sink.violate(`record ${record.sequence} came where ${this.#nextIn} was due`);
      return;
    }
    this.#nextIn++;
    this.#sink.deliver(record.payload);
  }
}
