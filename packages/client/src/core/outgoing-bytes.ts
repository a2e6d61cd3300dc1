/** The half of a stream that we write: how much the other side takes, and whether anything may still go. */
export class OutgoingBytes {
  #state: { readonly phase: "open" | "over" } = { phase: "open" };
  #creditBytes: number;
  #sentBytes = 0;

  constructor(creditBytes: number) {
    this.#creditBytes = creditBytes;
  }

  /** Whether we ended or reset it. */
  get isOver(): boolean {
    return this.#state.phase === "over";
  }

  /** Takes up to so many bytes of what was granted; gives how many may go now. */
  take(most: number): number {
    if (this.isOver) return 0;
    const bytes = Math.min(most, this.#creditBytes - this.#sentBytes);
    this.#sentBytes += bytes;
    return bytes;
  }

  /** The other side takes so many bytes in all. Grants are never taken back. */
  grant(creditBytes: number): void {
    this.#creditBytes = Math.max(this.#creditBytes, creditBytes);
  }

  /** Nothing more goes. False where that was so already. */
  finish(): boolean {
    if (this.isOver) return false;
    this.#state = { phase: "over" };
    return true;
  }
}
