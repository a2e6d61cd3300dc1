import type { SimDataChannel } from "./data-channel.js";
import { type Found, type Made, SimPeerConnection } from "./peer-connection.js";

/** A promise that is kept later, or never. */
interface Cached {
  readonly made: Promise<Made>;
  readonly make: (made: Made) => void;
}

/**
 * node-datachannel's polyfill, where it isn't as the text has it. Below it libdatachannel negotiates by itself: the first channel is an
 * offer, and an offer of the other side is answered at once. What the program asks for is what was made, one of each kind for good.
 */
export class SelfNegotiatingConnection extends SimPeerConnection {
  readonly #offer = cached();
  readonly #answer = cached();
  #phase: "fresh" | "negotiates" | "closed" = "fresh";
  #lastState: RTCSignalingState = "stable";

  override get signalingState(): RTCSignalingState {
    // Trap: it never says that it is closed.
    return this.#phase === "closed" ? this.#lastState : super.signalingState;
  }

  // Trap: one without a type or text stands for none.
  override get localDescription(): Made {
    return super.localDescription ?? ({ sdp: "" } as Made);
  }

  override get remoteDescription(): Made {
    return super.remoteDescription ?? ({ sdp: "" } as Made);
  }

  override createDataChannel(label: string, init: RTCDataChannelInit = {}): SimDataChannel {
    const channel = plainly(() => super.createDataChannel(label, init));
    if (this.#phase === "fresh") {
      this.#phase = "negotiates";
      const offer = this.makeOffer();
      this.applyLocal(offer);
      this.#later(() => this.#offer.make(offer));
    }
    return channel;
  }

  // Trap: it hangs before there is a channel, and for good on a side that never offered.
  override createOffer(): Promise<Made> {
    return this.#offer.made;
  }

  override createAnswer(): Promise<Made> {
    return this.#answer.made;
  }

  override async setLocalDescription(description: Made): Promise<void> {
    if (description.type === "offer" && this.signalingState === "stable") plainly(() => this.applyLocal(description));
  }

  override async setRemoteDescription(description: Made): Promise<void> {
    plainly(() => this.applyRemote(description));
    if (description.type === "answer") return;
    this.#phase = "negotiates";
    const answer = this.makeAnswer();
    this.applyLocal(answer);
    this.#later(() => this.#answer.make(answer));
  }

  override async addIceCandidate(candidate?: { candidate?: string } | null): Promise<void> {
    if (!candidate?.candidate) return;
    if (this.#phase === "closed") throw new DOMException("It is closed.", "NotFoundError");
    return super.addIceCandidate(candidate);
  }

  override close(): void {
    if (this.#phase === "closed") return;
    this.#lastState = super.signalingState;
    this.#phase = "closed";
    super.close();
  }

  /** Trap: no fragment, and nothing at the end. */
  protected override tellCandidate(candidate: Found | null): void {
    if (candidate !== null) super.tellCandidate({ ...candidate, usernameFragment: null });
  }

  /** Its events come from another thread: by then more may have happened. */
  protected override tellSignaling(): void {
    this.#later(() => super.tellSignaling());
  }

  protected override peerClosed(): void {
    super.peerClosed();
    this.become("closed");
  }

  protected override sentInVain(): void {
    throw new Error("It is closed.");
  }

  #later(work: () => void): void {
    this.world.process.clock.after(0, () => {
      if (this.#phase !== "closed") work();
    });
  }
}

function cached(): Cached {
  let make: (made: Made) => void = () => {};
  const made = new Promise<Made>((resolve) => {
    make = resolve;
  });
  return { made, make };
}

/** Trap: its errors have no names. */
function plainly<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error));
  }
}
