/**
 * What to do with a request that came: run its handler, answer that too much waits, or end the link with a peer that asks on
 * regardless and takes no answers.
 */
export type Verdict = "serve" | "refuse" | "violate";

export interface AnswersOptions {
  /** How many may be open: they run, or their answers wait. */
  readonly openRequests: number;
  /** How many more may wait to be told that they were refused. */
  readonly refusals: number;
  /** While as much waits, nothing is served, and no more is answered than that. */
  readonly waitingBytes: number;
}

/**
 * The requests of the other side, and what waits in the lanes to answer them. Answers aren't held back by a lane's room: two peers
 * that wait with what they serve until the other takes what it asked for may wait for ever. So what waits is counted.
 *
 * Invariants, whatever the other side asks and takes:
 * 1. No more than `openRequests` and `refusals` answers wait, however small they are.
 * 2. No more than `waitingBytes` and one answer of them wait.
 * 3. Who has no more than `openRequests` without an answer is never refused for their number, nor violates.
 */
export class Answers {
  readonly #options: AnswersOptions;
  #open = 0;
  #refused = 0;
  #waitingBytes = 0;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Bytes of answers that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** A request came. One that is served is open until {@link Answers.left}, one that is refused until {@link Answers.refusalLeft}. */
  ask(): Verdict {
    if (this.#open < this.#options.openRequests && !this.#isFull) {
      this.#open++;
      return "serve";
    }
    if (this.#refused >= this.#options.refusals) return "violate";
    this.#refused++;
    return "refuse";
  }

  /** An answer is there. False where too much waits already: then a word of failure is to go in its place. */
  answer(bytes: number): boolean {
    if (this.#isFull) return false;
    this.#waitingBytes += bytes;
    return true;
  }

  /** What answers a request has found room; `bytes` is 0 where a word of failure took its answer's place. */
  left(bytes: number): void {
    this.#open--;
    this.#waitingBytes -= bytes;
  }

  refusalLeft(): void {
    this.#refused--;
  }

  get #isFull(): boolean {
    return this.#waitingBytes >= this.#options.waitingBytes;
  }
}
