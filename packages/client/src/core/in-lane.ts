/** The next may have a number that is longer. */
const slackBytes = 64;

/** What one lane received: the message that is being put together, and what the other side may still send. */
export class InLane {
  readonly #windowBytes: number;
  readonly #messageBytes: number;
  /** The message in the making: a copy, for small pieces that are kept as they came would hold whole frames. */
  #partial = new Uint8Array(0);
  #partialBytes = 0;
  /** Room for one like the last that came in pieces: messages of one lane are much alike. */
  #usualBytes = 0;
  #receivedBytes = 0;
  /** Of whole messages whose handlers are at work. */
  #heldBytes = 0;
  #creditBytes: number;

  constructor(windowBytes: number, messageBytes: number) {
    this.#windowBytes = windowBytes;
    this.#messageBytes = messageBytes;
    this.#creditBytes = windowBytes;
  }

  /** What the other side may send in all. */
  get creditBytes(): number {
    return this.#creditBytes;
  }

  /** Takes a piece: the whole message where it was the last, or why it breaks a rule. */
  take(body: Uint8Array, last: boolean): { message?: Uint8Array; violation?: string } {
    if (body.length === 0) return { violation: "a piece of nothing" };
    this.#receivedBytes += body.length;
    if (this.#receivedBytes > this.#creditBytes) return { violation: "it sent more than it was granted" };
    if (this.#partialBytes + body.length > this.#messageBytes) {
      return { violation: `a message of over ${this.#messageBytes} bytes` };
    }
    const message = this.#add(body, last);
    this.#heldBytes += message?.length ?? 0;
    this.#grant();
    return message === undefined ? {} : { message };
  }

  /** Puts a piece to those before it; gives the whole where it was the last. */
  #add(body: Uint8Array, last: boolean): Uint8Array | undefined {
    if (last && this.#partialBytes === 0) return body;
    const bytes = this.#partialBytes + body.length;
    if (bytes > this.#partial.length) this.#grow(bytes);
    this.#partial.set(body, this.#partialBytes);
    this.#partialBytes = bytes;
    if (!last) return undefined;
    // One that fell short of what was expected isn't to hold all of that.
    const whole = 2 * bytes < this.#partial.length ? this.#partial.slice(0, bytes) : this.#partial.subarray(0, bytes);
    this.#partial = new Uint8Array(0);
    this.#partialBytes = 0;
    this.#usualBytes = bytes + slackBytes;
    return whole;
  }

  #grow(leastBytes: number): void {
    // Doubled, so that each byte is moved twice at most, on average.
    const wished = this.#partial.length === 0 ? this.#usualBytes : 2 * this.#partial.length;
    const grown = new Uint8Array(Math.min(this.#messageBytes, Math.max(leastBytes, wished)));
    grown.set(this.#partial.subarray(0, this.#partialBytes));
    this.#partial = grown;
  }

  /** A whole message of so many bytes is dealt with. */
  release(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#grant();
  }

  /**
   * What may still come: a window, less what handlers hold. A message in the making isn't counted, or one larger than the
   * window could never be whole; it has a limit of its own.
   */
  #grant(): void {
    const credit = this.#receivedBytes + Math.max(0, this.#windowBytes - this.#heldBytes);
    this.#creditBytes = Math.max(this.#creditBytes, credit);
  }
}
