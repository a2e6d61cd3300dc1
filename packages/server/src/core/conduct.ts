import { Allowance, type ClassRates, type TrafficClass } from "./allowance.js";

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
  readonly #own: Allowance;
  #shared: readonly Allowance[];
  #malformed = 0;
  #tooFast = 0;

  constructor(rates: ClassRates, shared: readonly Allowance[] = []) {
    this.#own = new Allowance(rates);
    this.#shared = shared;
  }

  /** From now on these too are used up by what this connection sends. */
  share(more: readonly Allowance[]): void {
    this.#shared = [...this.#shared, ...more];
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
    const waitMs = Math.max(this.#own.waitMs("relay", bytes, nowMs), this.#sharedWaitMs("relay", bytes, nowMs));
    if (waitMs === 0) this.#spend("relay", bytes);
    return waitMs;
  }

  /** A message couldn't be read. */
  strike(): void {
    this.#malformed++;
  }

  /** Gives back the memory of what isn't under way. */
  rest(nowMs: number): void {
    this.#own.rest(nowMs);
  }

  /** Why the connection is to end, if it is. */
  get verdict(): "bad-message" | "rate-limited" | undefined {
    if (this.#malformed >= malformedMost) return "bad-message";
    return this.#tooFast > tooFastMost ? "rate-limited" : undefined;
  }

  #judge(kind: "control" | "signal", bytes: number, nowMs: number): number {
    const ownMs = this.#own.waitMs(kind, bytes, nowMs);
    this.#tooFast = ownMs === 0 ? 0 : this.#tooFast + 1;
    const waitMs = Math.max(ownMs, this.#sharedWaitMs(kind, bytes, nowMs));
    if (waitMs === 0) this.#spend(kind, bytes);
    return waitMs;
  }

  #sharedWaitMs(kind: TrafficClass, bytes: number, nowMs: number): number {
    let waitMs = 0;
    for (const allowance of this.#shared) waitMs = Math.max(waitMs, allowance.waitMs(kind, bytes, nowMs));
    return waitMs;
  }

  #spend(kind: TrafficClass, bytes: number): void {
    this.#own.spend(kind, bytes);
    for (const allowance of this.#shared) allowance.spend(kind, bytes);
  }
}
