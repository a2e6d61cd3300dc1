/** Beyond this a stamp is somebody's mistake: half of what a counter may reach, so that counting on from it never fails. */
export const stampMost = 2 ** 52;

/**
 * Numbers for joins, so that all nodes agree which of two is the later: the wall's milliseconds, put forward to the clock of the node that
 * is furthest ahead. Clocks that differ thus order joins as one clock would, but for the time that a message takes.
 */
export class StampClock {
  #aheadMs = 0;

  now(wallMs: number): number {
    return Math.floor(wallMs + this.#aheadMs);
  }

  /** Another node's clock said this just now. */
  see(stamp: number, wallMs: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, stamp - wallMs);
  }
}
