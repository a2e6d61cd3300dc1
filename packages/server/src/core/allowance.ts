import { type Rate, TokenBucket } from "./token-bucket.js";

/** What may be sent, by class: messages and their bytes. */
export interface ClassRates {
  /** Control messages, and pings of the WebSocket. */
  readonly control: Rate;
  readonly controlBytes: Rate;
  /** Forwards of the signal class. */
  readonly signals: Rate;
  readonly signalBytes: Rate;
  /** Forwards of the relay class, in bytes; each counts for 2,048 at least, so that this bounds their number as well. */
  readonly relayBytes: Rate;
}

export type TrafficClass = "control" | "signal" | "relay";

/**
 * A relayed packet costs the server work however small it is: it is charged for no fewer bytes than these. By processor time it
 * would be four times as many; so a connection may still relay 2,048 a second.
 */
const relayLeastBytes = 2_048;

/**
 * What one holder (a connection, an identity, an address, a room) may send, all of its classes. A bucket starts full: until
 * it is needed it takes no memory.
 */
export class Allowance {
  readonly #rates: ClassRates;
  #control: TokenBucket | undefined;
  #controlBytes: TokenBucket | undefined;
  #signals: TokenBucket | undefined;
  #signalBytes: TokenBucket | undefined;
  #relayBytes: TokenBucket | undefined;

  constructor(rates: ClassRates) {
    this.#rates = rates;
  }

  /** 0 where a packet may pass; else the milliseconds after which it may. Takes nothing. */
  waitMs(kind: TrafficClass, bytes: number, nowMs: number): number {
    switch (kind) {
      case "control":
        this.#control ??= new TokenBucket(this.#rates.control, nowMs);
        this.#controlBytes ??= new TokenBucket(this.#rates.controlBytes, nowMs);
        return Math.max(this.#control.waitMs(1, nowMs), this.#controlBytes.waitMs(bytes, nowMs));
      case "signal":
        this.#signals ??= new TokenBucket(this.#rates.signals, nowMs);
        this.#signalBytes ??= new TokenBucket(this.#rates.signalBytes, nowMs);
        return Math.max(this.#signals.waitMs(1, nowMs), this.#signalBytes.waitMs(bytes, nowMs));
      case "relay":
        this.#relayBytes ??= new TokenBucket(this.#rates.relayBytes, nowMs);
        return this.#relayBytes.waitMs(chargedBytes(bytes), nowMs);
    }
  }

  /** How long the rates take to allow a packet, in milliseconds. */
  costMs(kind: TrafficClass, bytes: number): number {
    const { control, controlBytes, signals, signalBytes, relayBytes } = this.#rates;
    switch (kind) {
      case "control":
        return Math.max(costMs(1, control), costMs(bytes, controlBytes));
      case "signal":
        return Math.max(costMs(1, signals), costMs(bytes, signalBytes));
      case "relay":
        return costMs(chargedBytes(bytes), relayBytes);
    }
  }

  /** Takes what {@link waitMs} has just said may pass. */
  spend(kind: TrafficClass, bytes: number): void {
    switch (kind) {
      case "control":
        this.#control?.spend(1);
        this.#controlBytes?.spend(bytes);
        return;
      case "signal":
        this.#signals?.spend(1);
        this.#signalBytes?.spend(bytes);
        return;
      case "relay":
        this.#relayBytes?.spend(chargedBytes(bytes));
    }
  }

  /** Drops the buckets that are full again; true where none is left, so that a new allowance would say the same. */
  rest(nowMs: number): boolean {
    if (this.#control?.isFull(nowMs)) this.#control = undefined;
    if (this.#controlBytes?.isFull(nowMs)) this.#controlBytes = undefined;
    if (this.#signals?.isFull(nowMs)) this.#signals = undefined;
    if (this.#signalBytes?.isFull(nowMs)) this.#signalBytes = undefined;
    if (this.#relayBytes?.isFull(nowMs)) this.#relayBytes = undefined;
    const buckets = [this.#control, this.#controlBytes, this.#signals, this.#signalBytes, this.#relayBytes];
    return buckets.every((bucket) => bucket === undefined);
  }
}

/** As a token bucket has it, what is larger than a burst costs one. */
function costMs(count: number, { perSecond, burst }: Rate): number {
  return (Math.min(count, burst) * 1000) / perSecond;
}

function chargedBytes(bytes: number): number {
  return Math.max(bytes, relayLeastBytes);
}
