import { ByteQueue } from "./byte-queue.js";

/** How a half of a stream stands. */
type State =
  | { readonly phase: "open" }
  /** We read no more; what still comes is passed over. */
  | { readonly phase: "stopped" }
  /** All came. Some of it may still wait to be read. */
  | { readonly phase: "ended" }
  | { readonly phase: "reset" };

/**
 * The half of a stream that the other side writes: what came and waits for its reader, and how much more may come.
 *
 * Invariants:
 * 1. No more waits here than a window. More is the other side's offence.
 * 2. Credit grows by what was read, and by nothing else.
 * 3. After an end or a reset nothing comes.
 */
export class IncomingBytes {
  readonly #windowBytes: number;
  readonly #queue = new ByteQueue();
  #state: State = { phase: "open" };
  #receivedBytes = 0;
  #readBytes = 0;
  #toldCredit: number;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
    this.#toldCredit = windowBytes;
  }

  /** Whether nothing more comes from the other side. */
  get isOver(): boolean {
    return this.#state.phase === "ended" || this.#state.phase === "reset";
  }

  /** Whether all was read that will ever be. */
  get isDrained(): boolean {
    return this.#state.phase === "ended" && this.#queue.length === 0;
  }

  /** Bytes that wait for their reader. */
  get waitingBytes(): number {
    return this.#queue.length;
  }

  /** Bytes came. Gives which rule they break, where they do. */
  take(bytes: Uint8Array): string | undefined {
    if (this.isOver) return "it sent bytes of a stream behind their end";
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes > this.#toldCredit) return "it sent more of a stream than it was granted";
    if (this.#state.phase === "open") this.#queue.push(bytes);
    return undefined;
  }

  /** The next bytes for the reader; undefined where none wait. */
  read(): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#queue.shift();
    this.#readBytes += bytes?.length ?? 0;
    return bytes;
  }

  /** How many bytes the other side may send in all, where that is worth telling: a quarter of a window more than it knows. */
  dueCredit(): number | undefined {
    const credit = this.#readBytes + this.#windowBytes;
    if (this.#state.phase !== "open" || credit - this.#toldCredit < this.#windowBytes / 4) return undefined;
    this.#toldCredit = credit;
    return credit;
  }

  /** We read no more. */
  stop(): void {
    if (this.#state.phase === "open") this.#state = { phase: "stopped" };
    this.#queue.clear();
  }

  /** The other side said that all is there, or that it never will be. Gives which rule that breaks. */
  finish(phase: "ended" | "reset"): string | undefined {
    if (this.isOver) return "it ended the bytes of a stream twice";
    if (phase === "reset") this.#queue.clear();
    // Where we stopped, what came isn't all.
    this.#state = { phase: this.#state.phase === "stopped" ? "reset" : phase };
    return undefined;
  }
}
