const windowBits = 1024;
const wordBits = 32;

/**
 * Remembers which of the last 1,024 counters were seen (RFC 4303 §3.4.3, RFC 6479).
 *
 * Invariant: a counter is accepted at most once, and never when it lies 1,024 or more below the highest accepted.
 */
export class ReplayWindow {
  #highest = -1;
  readonly #seen = new Uint32Array(windowBits / wordBits);

  /** Whether the counter is new enough and unseen. Changes nothing: ask before the seal is checked. */
  isFresh(counter: number): boolean {
    if (counter > this.#highest) return true;
    if (counter <= this.#highest - windowBits) return false;
    return ((this.#seen[this.#word(counter)] as number) & this.#bit(counter)) === 0;
  }

  /** Marks a counter as seen: only after its envelope has proved genuine. */
  accept(counter: number): void {
    if (counter > this.#highest) {
      const gap = counter - this.#highest;
      if (gap >= windowBits) this.#seen.fill(0);
      else for (let i = 1; i <= gap; i++) this.#clear(this.#highest + i);
      this.#highest = counter;
    }
    const word = this.#word(counter);
    this.#seen[word] = (this.#seen[word] as number) | this.#bit(counter);
  }

  #clear(counter: number): void {
    const word = this.#word(counter);
    this.#seen[word] = (this.#seen[word] as number) & ~this.#bit(counter);
  }

  #word(counter: number): number {
    return Math.floor((counter % windowBits) / wordBits);
  }

  #bit(counter: number): number {
    return 1 << (counter % wordBits);
  }
}
