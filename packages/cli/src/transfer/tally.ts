import type { Entry, Outcome } from "./protocol.js";

/** What became of a transfer's entries, counted. */
export class Tally {
  readonly #counts: Record<Outcome["is"], number> = { received: 0, present: 0, made: 0, refused: 0 };
  #receivedBytes = 0;

  get counts(): Readonly<Record<Outcome["is"], number>> {
    return this.#counts;
  }

  /** Of files that came. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  add(entry: Entry, { is }: Outcome): void {
    this.#counts[is]++;
    if (is === "received" && entry.kind === "file") this.#receivedBytes += entry.bytes;
  }
}

/** The end of a transfer in figures. */
export interface Sum {
  readonly tally: Tally;
  /** What went over the link: less than all, where some was there already. */
  readonly carriedBytes: number;
  readonly ms: number;
}
