import type { Peer, Room } from "@skein/client";
import { isCalled } from "./called.js";
import { type Offer, transferProtocol } from "./protocol.js";

/** An offer, and whose it is. */
export interface Offered {
  readonly offer: Offer;
  readonly peer: Peer;
}

/** Offers that wait for us: the newest of each peer, for as long as it is linked. */
export class Offers {
  readonly #waiting = new Map<Peer, Offer>();
  #wake = (): void => {};

  constructor(room: Room, from: string | undefined) {
    room.handle(transferProtocol.offer, (offer, peer) => {
      if (from !== undefined && !isCalled(peer, from)) return;
      this.#waiting.set(peer, offer);
      this.#wake();
    });
    room.on("peer-disconnected", ({ peer }) => this.#waiting.delete(peer));
    room.on("peer-left", ({ peer }) => this.#waiting.delete(peer));
  }

  /** The next one, once there is one. @throws what the signal was aborted with */
  async next(signal: AbortSignal): Promise<Offered> {
    for (;;) {
      signal.throwIfAborted();
      const [first] = this.#waiting;
      if (first !== undefined) {
        const [peer, offer] = first;
        this.#waiting.delete(peer);
        return { offer, peer };
      }
      await this.#woken(signal);
    }
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
