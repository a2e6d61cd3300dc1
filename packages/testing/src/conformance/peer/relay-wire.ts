import type { RelayPacket } from "@skein/protocol";
import type { Visit } from "./visit.js";
import { FrameBuffer, type Wire } from "./wire.js";

/** What may come before `received` is told by a packet of its own. */
const tellBytes = 64 * 1024;

/** A channel through the server, driven by hand. */
export class RelayWire implements Wire {
  readonly kind = "relay";
  readonly channel: number;
  /** What the peer last said that it has. */
  arrivedBytes = 0;
  receivedFrames = 0;
  receivedBytes = 0;
  sentFrames = 0;
  sentBytes = 0;
  /** Whether the peer counted wrongly on it, and how. */
  readonly faults: string[] = [];
  readonly #visit: Visit;
  readonly #frames = new FrameBuffer();
  #told = 0;

  /** Begins a channel: the next, or one that the peer opened. */
  constructor(visit: Visit, channel = visit.channel + 1) {
    this.#visit = visit;
    this.channel = channel;
    visit.channel = Math.max(visit.channel, channel);
    visit.relayTo((packet) => this.#take(packet));
  }

  send(frame: Uint8Array): void {
    this.#visit.sendRelay(this.wrap(frame));
  }

  /** The packet that is due for a frame. */
  wrap(frame: Uint8Array): RelayPacket {
    const index = this.sentFrames;
    if (frame.length > 0) this.sentFrames++;
    this.sentBytes += frame.length;
    this.#told = this.receivedBytes;
    return { channel: this.channel, index, received: this.receivedBytes, frame };
  }

  listen(take: (frame: Uint8Array | undefined) => void): void {
    this.#frames.listen(take);
  }

  /** A path through the server dies when the next channel begins, and not before. */
  close(): void {
    this.#visit.relayTo((packet) => this.#visit.relayed.add(packet));
  }

  #take(packet: RelayPacket): void {
    if (packet.channel !== this.channel) {
      this.#visit.relayed.add(packet);
      if (packet.channel > this.channel) this.#frames.add(undefined);
      return;
    }
    if (packet.index !== this.receivedFrames)
      this.faults.push(`index ${packet.index} where ${this.receivedFrames} was due`);
    if (packet.received > this.sentBytes)
      this.faults.push(`${packet.received} bytes received of ${this.sentBytes} sent`);
    this.arrivedBytes = packet.received;
    if (packet.frame.length === 0) return;
    this.receivedFrames++;
    this.receivedBytes += packet.frame.length;
    if (this.receivedBytes - this.#told >= tellBytes) this.send(new Uint8Array(0));
    this.#frames.add(packet.frame);
  }
}
