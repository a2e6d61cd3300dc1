import { type LanePacket, ReliableLane } from "../core/reliable-lane.js";
import type { Process } from "../world/process.js";
import type { EngineProfile } from "./profile.js";

/** One end of a channel is closed (RFC 8831 §6.7), and the other has heard it. */
type ResetPacket = { readonly type: "reset" } | { readonly type: "reset heard" };
export type ChannelWord = LanePacket | ResetPacket;

/** What a channel has of its connection. */
export interface ChannelWorld {
  readonly process: Process;
  transmit(id: number, packet: ChannelWord, bytes: number): void;
  readonly profile: Pick<EngineProfile, "stuckMs" | "buffered" | "bufferMostBytes" | "sendToClosed">;
  /** So long without an acknowledgement as the profile says: the association is given up. */
  stuck(): void;
  /** The connection is closed, and its channels haven't been told: what is sent goes nowhere. @throws {Error} in some engines */
  sentInVain(): void;
  /** What a test's monitor hears. */
  sent(id: number, message: Uint8Array): void;
}

const overheadBytes = 70;
/** A reset that nobody has heard is said again. */
const resetAgainMs = 1_000;

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
  /** Its connection is closed, which it is told a moment later. */
  #fate: "lives" | "doomed" = "lives";
  /** Sent, and the program hasn't let go since: it all counts as buffered (W3C webrtc-pc §6.2). */
  #heldBytes = 0;
  #buffered = 0;
  #cancel: (() => void) | undefined;
  #cancelReset: (() => void) | undefined;
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
    return Math.max(this.#heldBytes, this.#lane.bufferedBytes);
  }

  /** @throws {DOMException} `InvalidStateError` where it isn't open, `OperationError` where too much waits. */
  send(data: Uint8Array): void {
    const { profile } = this.#world;
    if (this.#readyState === "closed" && profile.sendToClosed === "taken") return;
    if (this.#readyState !== "open") throw new DOMException("The channel isn't open.", "InvalidStateError");
    if (this.#fate === "doomed") return this.#world.sentInVain();
    if (this.bufferedAmount + data.length > profile.bufferMostBytes) {
      throw new DOMException("The channel's buffer is full.", "OperationError");
    }
    const message = Uint8Array.from(data);
    this.#world.sent(this.id, message);
    if (profile.buffered === "at once") this.#hold(message.length);
    this.#lane.send(message, this.#nowMs);
    this.#buffered = this.bufferedAmount;
    this.#arm();
  }

  /** What was sent goes first. */
  close(): void {
    if (this.#readyState === "connecting") return this.end();
    if (this.#readyState !== "open") return;
    this.#readyState = "closing";
    if (this.#fate === "lives") this.#reset();
  }

  /** @internal The association is up. */
  open(): void {
    if (this.#readyState !== "connecting") return;
    this.#readyState = "open";
    this.#fire("open");
  }

  /** @internal Of the other side's end of it. */
  receive(packet: ChannelWord): void {
    if (this.#fate === "doomed") return;
    if (packet.type === "reset") return this.#takeReset();
    if (this.#readyState !== "open" && this.#readyState !== "closing") return;
    if (packet.type === "reset heard") return this.end();
    this.#lane.receive(packet, this.#nowMs);
    this.#follow();
    if (this.#readyState === "closing" && this.#cancelReset === undefined) this.#reset();
  }

  /** @internal The connection is closed: nothing goes or comes any more, and a moment later the channel says so. */
  doom(): void {
    this.#fate = "doomed";
    this.#cancel?.();
    this.#cancelReset?.();
    this.#world.process.clock.after(0, () => this.end());
  }

  /** @internal What waited is lost. */
  end(): void {
    if (this.#readyState === "closed") return;
    this.#cancel?.();
    this.#cancelReset?.();
    this.#readyState = "closed";
    this.#fire("close");
  }

  get #nowMs(): number {
    return this.#world.process.clock.nowMs();
  }

  #deliver(message: Uint8Array): void {
    if (this.#readyState !== "open" || this.#fate === "doomed") return;
    const data = message.buffer.slice(message.byteOffset, message.byteOffset + message.length) as ArrayBuffer;
    this.onmessage?.({ data });
  }

  #reset(): void {
    if (!this.#lane.isIdle) return;
    this.#world.transmit(this.id, { type: "reset" }, overheadBytes);
    this.#cancelReset = this.#world.process.clock.after(resetAgainMs, () => this.#reset());
  }

  #takeReset(): void {
    this.#world.transmit(this.id, { type: "reset heard" }, overheadBytes);
    this.end();
  }

  #hold(bytes: number): void {
    if (this.#heldBytes === 0) this.#world.process.clock.after(0, () => this.#letGo());
    this.#heldBytes = this.bufferedAmount + bytes;
  }

  #letGo(): void {
    this.#heldBytes = 0;
    if (this.#readyState === "open") this.#follow();
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
    const stuckAtMs =
      stuckSinceMs === undefined ? Number.POSITIVE_INFINITY : stuckSinceMs + this.#world.profile.stuckMs;
    const atMs = Math.min(this.#lane.deadline() ?? Number.POSITIVE_INFINITY, stuckAtMs);
    if (atMs === this.#armedAtMs || this.#readyState === "closed" || this.#fate === "doomed") return;
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
