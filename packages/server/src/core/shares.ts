import { Allowance, type ClassRates } from "./allowance.js";
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
  readonly allowance: Allowance;
  readonly #limits: ShareLimits;
  #arrivals: TokenBucket | undefined;
  /** How many are there. */
  #holders = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
    this.allowance = new Allowance(limits);
  }

  /** 0 where one more may come, which is counted as coming; `full` where too many are there. Else the milliseconds to wait. */
  arrive(nowMs: number): number | "full" {
    if (this.#holders >= this.#limits.holders) return "full";
    this.#arrivals ??= new TokenBucket(this.#limits.arrivals, nowMs);
    return this.#arrivals.take(1, nowMs);
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
    return this.allowance.rest(nowMs) && this.#arrivals === undefined && this.#holders === 0;
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
