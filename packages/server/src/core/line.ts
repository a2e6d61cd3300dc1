/** So much of a shared rate is one turn: what it allows in this time. What is more than that has a turn as long as it needs. */
const turnMs = 1;

interface Turn {
  readonly startMs: number;
  /** How much of it is left. */
  leftMs: number;
}

/**
 * Whose turn it is among those who share a rate that is used up. Each has a time of its own, behind those who asked before: whoever
 * sends without end gets no more of it than whoever sends little, and nobody is woken to find that others were first. A schedule, as in the generic cell rate
 * algorithm (ITU-T I.371): what isn't used of a turn is left for whoever comes when the last has ended.
 *
 * Invariants: turns don't overlap; who has one and asks again is told the same time.
 */
export class Line {
  /** Whoever is gone is forgotten by itself. */
  readonly #turns = new WeakMap<object, Turn>();
  /** When the last turn that was given ends. */
  #endMs = Number.NEGATIVE_INFINITY;

  /**
   * How long a packet has to wait, in whole milliseconds; 0 where it may pass.
   * @param roomMs when there is room for it, as the rate says.
   * @param costMs how long the rate takes to allow it.
   */
  waitMs(who: object, roomMs: number, costMs: number, nowMs: number): number {
    const turn = this.#turns.get(who);
    if (turn !== undefined && turn.startMs > nowMs) return Math.ceil(turn.startMs - nowMs);
    if (turn !== undefined && roomMs === 0 && turn.leftMs >= costMs) return 0;
    // It is used up; or the rate is behind, and what this turn would have had is left for the next.
    const startMs = this.#give(who, roomMs, costMs, nowMs);
    return Math.ceil(startMs - nowMs);
  }

  /** A packet passed. */
  spend(who: object, costMs: number): void {
    const turn = this.#turns.get(who);
    if (turn !== undefined) turn.leftMs -= costMs;
  }

  /** Whether a new one would say the same. */
  isOver(nowMs: number): boolean {
    return this.#endMs <= nowMs;
  }

  /** Gives another turn, and says when it begins: now, and no turn, where nobody is in front. */
  #give(who: object, roomMs: number, costMs: number, nowMs: number): number {
    if (roomMs === 0 && this.#endMs <= nowMs) {
      this.#turns.delete(who);
      return nowMs;
    }
    const lengthMs = Math.max(turnMs, costMs);
    // It begins when the rate allows all of it, not just its first packet.
    const startMs = Math.max(this.#endMs, nowMs + roomMs + lengthMs - costMs);
    this.#turns.set(who, { startMs, leftMs: lengthMs });
    this.#endMs = startMs + lengthMs;
    return startMs;
  }
}
