import type { RelayPacket } from "./relay.js";

/** What a packet that came in means. */
export type ChannelNews =
  /** Of our channel, in its turn. An empty frame only acknowledges. */
  | { readonly type: "frame"; readonly frame: Uint8Array }
  /** Of a channel that the other side opened after ours: answer on it. */
  | { readonly type: "newer" }
  /** Of one that is over on our side, and they may not know. */
  | { readonly type: "older" }
  /** Something before it was lost: the channel is of no more use. */
  | { readonly type: "broken" };

type State =
  | { readonly phase: "closed" }
  | {
      readonly phase: "open";
      sentFrames: number;
      sentBytes: number;
      /** What the other side says that it has of these. */
      arrivedBytes: number;
      receivedFrames: number;
      receivedBytes: number;
      /** What we said that we have. */
      toldBytes: number;
    };

/** So much may come before it is acknowledged by a packet of its own. */
const acknowledgeBytes = 128 * 1024;

/**
 * A channel over what may lose packets: frames in order, without a gap, or no more frames at all.
 *
 * A server that is busy drops packets, one that restarts loses them, and so does a connection that is replaced by another, while a
 * path must lose nothing as long as it is open. So frames are counted, and where one is missing the next channel begins; the link
 * sends again what that one lost.
 *
 * Invariants:
 * 1. The channel's number never falls. Frames of an older one are delivered to nobody.
 * 2. What is delivered of one channel is what was sent on it, from the first frame on, without a gap.
 * 3. {@link RelayChannel.underWayBytes} says what the other side hasn't acknowledged: it bounds what the server has to hold.
 */
export class RelayChannel {
  #number = 0;
  #state: State = { phase: "closed" };

  get isOpen(): boolean {
    return this.#state.phase === "open";
  }

  get underWayBytes(): number {
    return this.#state.phase === "open" ? this.#state.sentBytes - this.#state.arrivedBytes : 0;
  }

  /** Whether so much came that the other side waits for an acknowledgement. */
  get owesAcknowledgement(): boolean {
    const state = this.#state;
    return state.phase === "open" && state.receivedBytes - state.toldBytes >= acknowledgeBytes;
  }

  /** Begins a channel: the next one, or the one that the other side opened, where that is newer. */
  open(theirs = 0): void {
    this.#number = Math.max(this.#number + 1, theirs);
    this.#state = {
      phase: "open",
      sentFrames: 0,
      sentBytes: 0,
      arrivedBytes: 0,
      receivedFrames: 0,
      receivedBytes: 0,
      toldBytes: 0,
    };
  }

  /** Ends the channel. What comes of it later is `older`. */
  close(): void {
    this.#state = { phase: "closed" };
  }

  /** The packet that carries this frame; an empty one carries an acknowledgement alone. Undefined where it is closed. */
  wrap(frame: Uint8Array): RelayPacket | undefined {
    const state = this.#state;
    if (state.phase === "closed") return undefined;
    const index = state.sentFrames;
    if (frame.length > 0) state.sentFrames++;
    state.sentBytes += frame.length;
    state.toldBytes = state.receivedBytes;
    return { channel: this.#number, index, received: state.receivedBytes, frame };
  }

  /** Says what a packet means that came in. */
  receive(packet: RelayPacket): ChannelNews {
    if (packet.channel > this.#number) return { type: "newer" };
    const state = this.#state;
    if (packet.channel < this.#number || state.phase === "closed") return { type: "older" };
    if (packet.index !== state.receivedFrames || packet.received > state.sentBytes) return { type: "broken" };
    state.arrivedBytes = Math.max(state.arrivedBytes, packet.received);
    if (packet.frame.length > 0) state.receivedFrames++;
    state.receivedBytes += packet.frame.length;
    return { type: "frame", frame: packet.frame };
  }
}
