import { type LanePacket, ReliableLane } from "../core/reliable-lane.js";
import type { Process } from "../world/process.js";

/** What a channel has of its connection. */
export interface ChannelWorld {
  readonly process: Process;
  transmit(id: number, packet: LanePacket, bytes: number): void;
  /** So long without an acknowledgement, and the association is given up. */
  readonly stuckMs: number;
  stuck(): void;
  /** What a test's monitor hears. */
  sent(id: number, message: Uint8Array): void;
}

const overheadBytes = 70;
/** Chromium throws above about 16 MiB. */
const bufferMostBytes = 16 * 1024 * 1024;

/** One end of a pre-negotiated RTCDataChannel (W3C webrtc-pc §6.2). */
export class SimDataChannel extends EventTarget {
  readonly label: string;
  readonly id: number;
  readonly ordered = true;
  readonly negotiated = true;
  readonly protocol: string;
  readonly maxRetransmits: number | null;
  binaryType: BinaryType = "arraybuffer";
  bufferedAmountLowThreshold = 0;
  onopen: ((event: Event) => void) | null = null;
  onclose: ((event: Event) => void) | null = null;
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null = null;
  onbufferedamountlow: ((event: Event) => void) | null = null;
  readonly #world: ChannelWorld;
  readonly #lane: ReliableLane;
  #readyState: RTCDataChannelState = "connecting";
  #buffered = 0;
  #cancel: (() => void) | undefined;
  #armedAtMs: number | undefined;

  constructor(world: ChannelWorld, label: string, init: RTCDataChannelInit & { id: number }) {
    super();
    this.#world = world;
    this.label = label;
    this.id = init.id;
    this.protocol = init.protocol ?? "";
    this.maxRetransmits = init.maxRetransmits ?? null;
    this.#lane = new ReliableLane(
      { maxRetransmits: init.maxRetransmits ?? Number.POSITIVE_INFINITY },
      {
        transmit: (packet) => world.transmit(this.id, packet, overheadBytes + bytesOf(packet)),
        deliver: (message) => this.#deliver(message),
      },
    );
  }

  get readyState(): RTCDataChannelState {
    return this.#readyState;
  }

  get bufferedAmount(): number {
    return this.#lane.bufferedBytes;
  }

  /** @throws {DOMException} `InvalidStateError` where it isn't open, `OperationError` where too much waits. */
  send(data: Uint8Array): void {
    if (this.#readyState !== "open") throw new DOMException("The channel isn't open.", "InvalidStateError");
    if (this.bufferedAmount + data.length > bufferMostBytes) {
      throw new DOMException("The channel's buffer is full.", "OperationError");
    }
    const message = Uint8Array.from(data);
    this.#world.sent(this.id, message);
    this.#lane.send(message, this.#nowMs);
    this.#buffered = this.bufferedAmount;
    this.#arm();
  }

  close(): void {
    this.end();
  }

  /** @internal The association is up. */
  open(): void {
    if (this.#readyState !== "connecting") return;
    this.#readyState = "open";
    this.#fire("open");
  }

  /** @internal Of the other side's end of it. */
  receive(packet: LanePacket): void {
    if (this.#readyState !== "open") return;
    this.#lane.receive(packet, this.#nowMs);
    this.#follow();
  }

  /** @internal What waited is lost. */
  end(): void {
    if (this.#readyState === "closed") return;
    this.#cancel?.();
    this.#readyState = "closed";
    this.#fire("close");
  }

  get #nowMs(): number {
    return this.#world.process.clock.nowMs();
  }

  #deliver(message: Uint8Array): void {
    if (this.#readyState !== "open") return;
    const data = message.buffer.slice(message.byteOffset, message.byteOffset + message.length) as ArrayBuffer;
    this.onmessage?.({ data });
  }

  #follow(): void {
    const before = this.#buffered;
    this.#buffered = this.bufferedAmount;
    const low = this.bufferedAmountLowThreshold;
    // Fires on a crossing alone (W3C webrtc-pc §6.2).
    if (before > low && this.#buffered <= low) this.#fire("bufferedamountlow");
    this.#arm();
  }

  #arm(): void {
    const { stuckSinceMs } = this.#lane;
    const stuckAtMs = stuckSinceMs === undefined ? Number.POSITIVE_INFINITY : stuckSinceMs + this.#world.stuckMs;
    const atMs = Math.min(this.#lane.deadline() ?? Number.POSITIVE_INFINITY, stuckAtMs);
    if (atMs === this.#armedAtMs || this.#readyState === "closed") return;
    this.#cancel?.();
    this.#armedAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#world.process.clock.after(Math.max(0, atMs - this.#nowMs), () => this.#wake(stuckAtMs));
  }

  #wake(stuckAtMs: number): void {
    this.#armedAtMs = undefined;
    if (this.#nowMs >= stuckAtMs) return this.#world.stuck();
    this.#lane.wake(this.#nowMs);
    this.#follow();
  }

  #fire(type: "open" | "close" | "bufferedamountlow"): void {
    const event = new Event(type);
    this[`on${type}`]?.(event);
    this.dispatchEvent(event);
  }
}

function bytesOf(packet: LanePacket): number {
  return packet.type === "data" ? packet.body.length : 0;
}
