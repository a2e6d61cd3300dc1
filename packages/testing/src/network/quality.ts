/** What a host's own link to the network is like. Two hosts are as far apart as both of their links together. */
export interface LinkQuality {
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** Up to so much is added at random, so datagrams overtake each other. Milliseconds. */
  readonly jitterMs: number;
  /** How many datagrams are lost, from 0 to 1. */
  readonly loss: number;
  /** Each way, in bytes a second. */
  readonly bytesPerSecond: number;
}

export const defaultQuality: LinkQuality = {
  latencyMs: 10,
  jitterMs: 2,
  loss: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

/** What may wait before a slow link until more is dropped: what a home router holds. */
const queueBytes = 256 * 1024;

/** One direction of a host's link: things pass it one after the other. */
export class Line {
  bytesPerSecond: number;
  #freeAtMs = 0;

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  isFull(nowMs: number, bytes: number): boolean {
    return this.#waitMs(nowMs) * (this.bytesPerSecond / 1000) > queueBytes + bytes;
  }

  /** Takes bytes in line; gives how long they take to pass. */
  admit(nowMs: number, bytes: number): number {
    if (this.bytesPerSecond === Number.POSITIVE_INFINITY) return 0;
    const passedMs = this.#waitMs(nowMs) + (bytes / this.bytesPerSecond) * 1000;
    this.#freeAtMs = nowMs + passedMs;
    return passedMs;
  }

  #waitMs(nowMs: number): number {
    return this.bytesPerSecond === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#freeAtMs - nowMs);
  }
}
