import { Allowance, type ClassRates, type TrafficClass } from "./allowance.js";
import type { Share } from "./shares.js";

const nothing: readonly Share[] = [];

/** How long it is put up with. */
const malformedMost = 10;
const tooFastMost = 100;

/**
 * Keeps one connection to its limits and to those that it shares with others (its address, its identity, its room), and
 * remembers how it has behaved.
 *
 * Invariants: a packet passes where every one of them has room for it, and is charged to all of them, or to none. A connection
 * is over the line when it sent {@link malformedMost} messages that can't be read, ever, or more than {@link tooFastMost} in a
 * row that were too fast by its own limits: for what others have used up it isn't to blame.
 */
export class Conduct {
  readonly #rates: ClassRates;
  /** A new one is like none: idle connections have none. */
  #own: Allowance | undefined;
  #shared = nothing;
  #malformed = 0;
  #tooFast = 0;

  constructor(rates: ClassRates) {
    this.#rates = rates;
  }

  /** From now on these too are used up by what this connection sends. */
  hold(...shares: readonly Share[]): void {
    for (const share of shares) share.hold();
    // A spread would leave room for a dozen more, in each of some thousand connections.
    this.#shared = this.#shared.concat(shares);
  }

  /** The connection is gone. */
  release(): void {
    for (const share of this.#shared) share.release();
    this.#shared = nothing;
  }

  /** Nothing is held against a connection that was let in: it is a new beginning, and there is one of it. */
  forgive(): void {
    this.#own = undefined;
    this.#tooFast = 0;
  }

  /** 0 where the message may pass; else the milliseconds after which one may. So do the next two. */
  admitControl(bytes: number, nowMs: number): number {
    return this.#judge("control", bytes, nowMs);
  }

  admitSignal(bytes: number, nowMs: number): number {
    return this.#judge("signal", bytes, nowMs);
  }

  /**
   * 0 where the packet may pass; else the milliseconds after which it may: it is to be kept until then, and asked about again.
   * Waiting is no haste.
   */
  paceRelay(bytes: number, nowMs: number): number {
    // Who has to wait by itself takes no turn from others meanwhile.
    const waitMs = this.#ownWaitMs("relay", bytes, nowMs) || this.sharedWaitMs("relay", bytes, nowMs);
    if (waitMs === 0) this.#spend("relay", bytes);
    return waitMs;
  }

  /**
   * How long a packet has to wait for what others have used up. It is to be kept until then: what is nobody's fault loses nothing.
   */
  sharedWaitMs(kind: TrafficClass, bytes: number, nowMs: number): number {
    let waitMs = 0;
    for (const share of this.#shared) waitMs = Math.max(waitMs, share.waitMs(this, kind, bytes, nowMs));
    return waitMs;
  }

  /** A message couldn't be read. */
  strike(): void {
    this.#malformed++;
  }

  /** Gives back the memory of what isn't under way. */
  rest(nowMs: number): void {
    if (this.#own?.rest(nowMs)) this.#own = undefined;
  }

  /** Why the connection is to end, if it is. */
  get verdict(): "bad-message" | "rate-limited" | undefined {
    if (this.#malformed >= malformedMost) return "bad-message";
    return this.#tooFast > tooFastMost ? "rate-limited" : undefined;
  }

  #judge(kind: "control" | "signal", bytes: number, nowMs: number): number {
    const ownMs = this.#ownWaitMs(kind, bytes, nowMs);
    this.#tooFast = ownMs === 0 ? 0 : this.#tooFast + 1;
    const waitMs = Math.max(ownMs, this.sharedWaitMs(kind, bytes, nowMs));
    if (waitMs === 0) this.#spend(kind, bytes);
    return waitMs;
  }

  #ownWaitMs(kind: TrafficClass, bytes: number, nowMs: number): number {
    this.#own ??= new Allowance(this.#rates);
    return this.#own.waitMs(kind, bytes, nowMs);
  }

  #spend(kind: TrafficClass, bytes: number): void {
    this.#own?.spend(kind, bytes);
    for (const share of this.#shared) share.spend(this, kind, bytes);
  }
}
