import { type Share, Shares } from "./core/shares.js";
import type { ServerLimitOptions } from "./limits.js";

/** How many of each kind are remembered that nobody holds any more. */
const keysMost = 65_536;

/** When a client that was turned away for want of room may come back. */
export const comeBackMs = 5_000;

/** Why no more may come, and when they may. */
export interface Turned {
  readonly why: "too-fast" | "too-many";
  readonly retryAfterMs: number;
}

/** What connections share that come from one address, are one identity, or are in one room. */
export class Commons {
  readonly #addresses: Shares;
  readonly #identities: Shares;
  readonly #rooms: Shares;

  constructor({ perAddress, perIdentity, perRoom }: ServerLimitOptions) {
    this.#addresses = new Shares(perAddress, keysMost);
    this.#identities = new Shares(perIdentity, keysMost);
    this.#rooms = new Shares({ ...perRoom, holders: Number.POSITIVE_INFINITY }, keysMost);
  }

  /** Whether one more connection may come from there. Each question counts as one that came. */
  arriveFrom(address: string | undefined, nowMs: number): Turned | undefined {
    return address === undefined ? undefined : turned(this.#addresses.of(address).arrive(nowMs));
  }

  address(address: string): Share {
    return this.#addresses.of(address);
  }

  identity(subject: string): Share {
    return this.#identities.of(subject);
  }

  room(name: string): Share {
    return this.#rooms.of(name);
  }

  /** Forgets whoever used up nothing. */
  sweep(nowMs: number): void {
    for (const shares of [this.#addresses, this.#identities, this.#rooms]) shares.sweep(nowMs);
  }
}

/** @param answer what {@link Share.arrive} said. */
export function turned(answer: number | "full"): Turned | undefined {
  if (answer === "full") return { why: "too-many", retryAfterMs: comeBackMs };
  return answer === 0 ? undefined : { why: "too-fast", retryAfterMs: answer };
}
