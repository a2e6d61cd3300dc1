import { type Rate, TokenBucket } from "./token-bucket.js";

/** What one connection may send. */
export interface ConductRates {
  /** Control messages, and pings of the WebSocket. */
  readonly control: Rate;
  /** Forwards of the signal class. */
  readonly signals: Rate;
  /** Forwards of the relay class, in bytes. */
  readonly relayBytes: Rate;
}

/** How long it is put up with. */
const malformedMost = 10;
const tooFastMost = 100;

/** A relayed packet costs the server work however small it is: it is charged for no fewer bytes than these. */
const relayLeastBytes = 256;

/**
 * Keeps one connection to its limits, and remembers how it has behaved.
 *
 * Invariant: a connection is over the line when it sent {@link malformedMost} messages that can't be read, ever, or more
 * than {@link tooFastMost} in a row that came too fast.
 */
export class Conduct {
  readonly #rates: ConductRates;
  readonly #control: TokenBucket;
  /** A bucket starts full: until it is needed it takes no memory. Most connections are idle. */
  #signals: TokenBucket | undefined;
  #relayBytes: TokenBucket | undefined;
  #malformed = 0;
  #tooFast = 0;

  constructor(rates: ConductRates, nowMs: number) {
    this.#rates = rates;
    this.#control = new TokenBucket(rates.control, nowMs);
  }

  /** 0 where the message may pass; else the milliseconds after which one may. So does the next. */
  admitControl(nowMs: number): number {
    return this.#judge(this.#control.take(1, nowMs));
  }

  admitSignal(nowMs: number): number {
    this.#signals ??= new TokenBucket(this.#rates.signals, nowMs);
    return this.#judge(this.#signals.take(1, nowMs));
  }

  /**
   * 0 where the packet may pass; else the milliseconds after which it may: it is to be kept until then, and asked about again.
   * Waiting is no haste.
   */
  paceRelay(bytes: number, nowMs: number): number {
    this.#relayBytes ??= new TokenBucket(this.#rates.relayBytes, nowMs);
    return this.#relayBytes.take(Math.max(bytes, relayLeastBytes), nowMs);
  }

  /** A message couldn't be read. */
  strike(): void {
    this.#malformed++;
  }

  /** Why the connection is to end, if it is. */
  get verdict(): "bad-message" | "rate-limited" | undefined {
    if (this.#malformed >= malformedMost) return "bad-message";
    return this.#tooFast > tooFastMost ? "rate-limited" : undefined;
  }

  #judge(retryAfterMs: number): number {
    this.#tooFast = retryAfterMs === 0 ? 0 : this.#tooFast + 1;
    return retryAfterMs;
  }
}
