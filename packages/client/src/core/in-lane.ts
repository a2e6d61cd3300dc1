/** What one lane received: the message that is being put together, and what the other side may still send. */
export class InLane {
  readonly #windowBytes: number;
  readonly #messageBytes: number;
  #pieces: Uint8Array[] = [];
  #partialBytes = 0;
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
    this.#receivedBytes += body.length;
    if (this.#receivedBytes > this.#creditBytes) return { violation: "it sent more than it was granted" };
    this.#partialBytes += body.length;
    if (this.#partialBytes > this.#messageBytes) return { violation: `a message of over ${this.#messageBytes} bytes` };
    this.#pieces.push(body);
    if (!last) {
      this.#grant();
      return {};
    }
    const message = this.#pieces.length === 1 ? body : join(this.#pieces, this.#partialBytes);
    this.#pieces = [];
    this.#partialBytes = 0;
    this.#heldBytes += message.length;
    this.#grant();
    return { message };
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

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
