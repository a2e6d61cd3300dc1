import { Allowance, type ClassRates, type TrafficClass } from "./allowance.js";
import { Line } from "./line.js";
import { addressPace, Pacer } from "./pacer.js";
import { type Rate, TokenBucket } from "./token-bucket.js";

/** What all connections that have something in common (an address, an identity, a room) may do together. */
export interface ShareLimits extends ClassRates {
  /** How many may come: connections from an address, joins of an identity or to a room. */
  readonly arrivals: Rate;
  /** How many may be there at once. */
  readonly holders: number;
}

/** What one key's connections have used up. */
export class Share {
  readonly #allowance: Allowance;
  readonly #limits: ShareLimits;
  #arrivals: TokenBucket | undefined;
  #pacer: Pacer | undefined;
  /** Of those classes of which so much was used up that some had to wait. */
  #lines: Map<TrafficClass, Line> | undefined;
  /** How many are there. */
  #holders = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
    this.#allowance = new Allowance(limits);
  }

  /** 0 where one more may come, which is counted as coming; `full` where too many are there. Else the milliseconds to wait. */
  arrive(nowMs: number): number | "full" {
    if (this.#holders >= this.#limits.holders) return "full";
    this.#arrivals ??= new TokenBucket(this.#limits.arrivals, nowMs);
    return this.#arrivals.take(1, nowMs);
  }

  /** How long one that came has to wait until it is heard, for those that came before it. */
  paceMs(nowMs: number): number {
    this.#pacer ??= new Pacer(addressPace);
    return this.#pacer.waitMs(nowMs);
  }

  /** 0 where a holder's packet may pass; else the milliseconds after which it is to ask again. Takes nothing. */
  waitMs(holder: object, kind: TrafficClass, bytes: number, nowMs: number): number {
    const roomMs = this.#allowance.waitMs(kind, bytes, nowMs);
    if (roomMs === 0 && !this.#lines?.has(kind)) return 0;
    return this.#line(kind).waitMs(holder, roomMs, this.#allowance.costMs(kind, bytes), nowMs);
  }

  /** Takes what {@link waitMs} has just said may pass. */
  spend(holder: object, kind: TrafficClass, bytes: number): void {
    this.#allowance.spend(kind, bytes);
    this.#lines?.get(kind)?.spend(holder, this.#allowance.costMs(kind, bytes));
  }

  get isHeld(): boolean {
    return this.#holders > 0;
  }

  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
  }

  /** Whether a new one would say the same. */
  rest(nowMs: number): boolean {
    if (this.#arrivals?.isFull(nowMs)) this.#arrivals = undefined;
    if (this.#pacer?.isRested(nowMs)) this.#pacer = undefined;
    this.#restLines(nowMs);
    const isUsed = [this.#arrivals, this.#pacer, this.#lines].some((part) => part !== undefined) || this.#holders > 0;
    return this.#allowance.rest(nowMs) && !isUsed;
  }

  #line(kind: TrafficClass): Line {
    this.#lines ??= new Map();
    const known = this.#lines.get(kind);
    if (known !== undefined) return known;
    const line = new Line();
    this.#lines.set(kind, line);
    return line;
  }

  #restLines(nowMs: number): void {
    if (this.#lines === undefined) return;
    for (const [kind, line] of this.#lines) if (line.isOver(nowMs)) this.#lines.delete(kind);
    if (this.#lines.size === 0) this.#lines = undefined;
  }
}

/** How far a newcomer looks for one that nobody holds. */
const stepsMost = 16;

/**
 * A share for each key. One is kept for as long as a connection holds it, and then until all of its buckets are full again: who
 * goes and comes back doesn't find them filled. Beyond `keysMost` the oldest that nobody holds is forgotten for each that comes.
 */
export class Shares {
  readonly #limits: ShareLimits;
  readonly #keysMost: number;
  readonly #shares = new Map<string, Share>();

  constructor(limits: ShareLimits, keysMost: number) {
    this.#limits = limits;
    this.#keysMost = keysMost;
  }

  get size(): number {
    return this.#shares.size;
  }

  of(key: string): Share {
    const known = this.#shares.get(key);
    if (known !== undefined) return known;
    if (this.#shares.size >= this.#keysMost) this.#makeRoom();
    const share = new Share(this.#limits);
    this.#shares.set(key, share);
    return share;
  }

  /** Forgets those that are like new. */
  sweep(nowMs: number): void {
    for (const [key, share] of this.#shares) if (share.rest(nowMs)) this.#shares.delete(key);
  }

  /** A few steps for each newcomer, however many keys there are: what is held moves to the end, so each is passed once. */
  #makeRoom(): void {
    let steps = stepsMost;
    for (const [key, share] of this.#shares) {
      this.#shares.delete(key);
      if (!share.isHeld) return;
      this.#shares.set(key, share);
      if (--steps === 0) return;
    }
  }
}
