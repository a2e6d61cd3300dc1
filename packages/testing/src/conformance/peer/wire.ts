/** A channel to the peer under test: what a path runs on. */
export interface Wire {
  readonly kind: "relay" | "direct";
  /** Sends a frame as it is. */
  send(frame: Uint8Array): void;
  /** Frames go here from now on, those that came before first. `undefined` where the channel is over. */
  listen(take: (frame: Uint8Array | undefined) => void): void;
  /** Ends it as a network does: without a word on it. */
  close(): void;
}

/** Keeps what comes until someone listens. */
export class FrameBuffer {
  #kept: (Uint8Array | undefined)[] = [];
  #take: ((frame: Uint8Array | undefined) => void) | undefined;

  add(frame: Uint8Array | undefined): void {
    if (this.#take === undefined) this.#kept.push(frame);
    else this.#take(frame);
  }

  listen(take: (frame: Uint8Array | undefined) => void): void {
    this.#take = take;
    for (const frame of this.#kept.splice(0)) take(frame);
  }
}
