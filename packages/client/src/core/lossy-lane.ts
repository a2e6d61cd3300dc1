import { encodeLossy, type WireRecord } from "@skein/protocol";

/** What stands for the lossy lane where others have their number on the wire. */
export const lossyLane = -1;

/** More than this in handlers that aren't done, and what comes is dropped: nothing else holds its sender back. */
const heldBytesMost = 256 * 1024;

/**
 * Both directions of a link's lossy lane: messages that may be lost, each in a record of its own. Nothing is kept, nothing is
 * acknowledged, nobody waits.
 *
 * Invariants, whatever paths lose, repeat or reorder:
 * 1. A message is delivered at most once.
 * 2. Those that are delivered are in the order they were sent: what comes behind a later one is dropped.
 * 3. No more than {@link heldBytesMost} and one message are held for handlers.
 */
export class LossyLane {
  #next = 0;
  #due = 0;
  #heldBytes = 0;
  #received = 0;
  #dropped = 0;

  /** Messages that were numbered, that were delivered, and that didn't go. */
  get counts(): { readonly sent: number; readonly received: number; readonly dropped: number } {
    return { sent: this.#next, received: this.#received, dropped: this.#dropped };
  }

  /** A message had nothing to go over. */
  drop(): void {
    this.#dropped++;
  }

  /** The record of the next message. It may travel any number of paths. */
  number(message: Uint8Array): Uint8Array {
    return encodeLossy(this.#next++, message);
  }

  /**
   * A record came: whether its message counts. Call {@link LossyLane.release} with its length once that is dealt with.
   */
  receive({ sequence, payload }: Extract<WireRecord, { type: "lossy" }>): boolean {
    if (sequence < this.#due) return false;
    this.#due = sequence + 1;
    if (this.#heldBytes > heldBytesMost) return false;
    this.#heldBytes += payload.length;
    this.#received++;
    return true;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}
