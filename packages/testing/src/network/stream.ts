import type { Endpoint } from "../core/nat.js";
import type { Host } from "./host.js";
import type { Network } from "./network.js";

/** Who takes streams that others open to a port. */
export type Acceptor = (end: StreamEnd) => void;

/** What a stream carries: whatever it is given, in order. */
interface Segment {
  readonly payload: unknown;
  readonly bytes: number;
  readonly readyAtMs: number;
}

/** What the kernels of both ends hold between them before the sender has to. */
const kernelBytes = 256 * 1024;
/** RFC 6298 §5: what isn't acknowledged is sent again, each time after twice as long. */
const retryFirstMs = 250;
const retryMostMs = 10_000;
/** A SYN that nobody answers. */
const dialMs = 20_000;

/** One end of a stream as TCP gives it: in order, nothing lost, and no word of a peer that is only out of reach. */
export class StreamEnd {
  readonly host: Host;
  /** What comes. */
  onData: ((payload: unknown) => void) | undefined;
  /** The other side closed, or either side's kernel reset it. Once; not after {@link StreamEnd.close} or a reset of our own. */
  onEnd: ((how: "closed" | "reset") => void) | undefined;
  /** Something of what waited has gone. */
  onDrain: (() => void) | undefined;
  readonly #network: Network;
  readonly #address: string;
  /** Itself until the two are paired. */
  #other: StreamEnd = this;
  #phase: "open" | "ended" = "open";
  #reading: "yes" | "paused" = "yes";
  /** On the way to us, or here and not read yet. */
  readonly #incoming: Segment[] = [];
  #incomingBytes = 0;
  #lastReadyAtMs = 0;
  #retryMs = retryFirstMs;
  #pump: (() => void) | undefined;

  constructor(network: Network, host: Host) {
    this.#network = network;
    this.host = host;
    this.#address = host.address;
    host.streams.add(this);
  }

  static pair(network: Network, a: Host, b: Host): readonly [StreamEnd, StreamEnd] {
    const [one, other] = [new StreamEnd(network, a), new StreamEnd(network, b)];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** What we sent and neither kernel would take yet. */
  get bufferedBytes(): number {
    return Math.max(0, this.#other.#incomingBytes - kernelBytes);
  }

  send(payload: unknown, bytes: number): void {
    if (this.#phase === "open") this.#other.#enqueue(this.host, payload, bytes);
  }

  pause(): void {
    this.#reading = "paused";
  }

  resume(): void {
    if (this.#reading === "yes") return;
    this.#reading = "yes";
    this.#schedule(this.#network.timeline.nowMs);
  }

  /** All that was sent arrives, then the end. */
  close(): void {
    if (this.#phase === "ended") return;
    this.#other.#enqueue(this.host, endOfStream, 40);
    this.#finish();
  }

  /** Both ends are told, ours at once and without a callback. */
  reset(): void {
    if (this.#phase === "ended") return;
    this.#finish();
    const other = this.#other;
    const { timeline } = this.#network;
    // A reset that gets lost is sent again for whatever the other side says next; here, until it gets through.
    const tell = (): void => {
      if (other.#phase === "ended") return;
      if (this.#isStuck(other.host)) timeline.after(retryMostMs, tell);
      else other.#die("reset");
    };
    timeline.after(this.#network.delayMs(this.host, other.host, 40), tell);
  }

  /** Our own kernel ends it: the network under it is gone. */
  fail(): void {
    if (this.#phase === "open") this.#die("reset");
  }

  #enqueue(from: Host, payload: unknown, bytes: number): void {
    if (this.#phase === "ended") return;
    const { timeline } = this.#network;
    const atMs = timeline.nowMs + this.#network.delayMs(from, this.host, bytes);
    this.#lastReadyAtMs = Math.max(this.#lastReadyAtMs, atMs);
    this.#incoming.push({ payload, bytes, readyAtMs: this.#lastReadyAtMs });
    this.#incomingBytes += bytes;
    if (this.#incoming.length === 1) this.#schedule(this.#lastReadyAtMs);
  }

  #schedule(atMs: number): void {
    this.#pump?.();
    this.#pump = this.#network.timeline.at(atMs, () => this.#deliver());
  }

  /** One segment at a time, so that whoever gets it has dealt with it before the next. */
  #deliver(): void {
    this.#pump = undefined;
    const next = this.#incoming[0];
    if (next === undefined || this.#phase === "ended" || this.#reading === "paused") return;
    const { nowMs } = this.#network.timeline;
    if (next.readyAtMs > nowMs) return this.#schedule(next.readyAtMs);
    if (this.#isStuck(this.#other.host)) {
      this.#schedule(nowMs + this.#retryMs);
      this.#retryMs = Math.min(retryMostMs, 2 * this.#retryMs);
      return;
    }
    this.#retryMs = retryFirstMs;
    this.#incoming.shift();
    this.#incomingBytes -= next.bytes;
    const following = this.#incoming[0];
    if (following !== undefined) this.#schedule(Math.max(nowMs, following.readyAtMs));
    this.#other.onDrain?.();
    if (next.payload === endOfStream) this.#die("closed");
    else this.onData?.(next.payload);
  }

  /** Whether nothing passes between the two, one way or the other: acknowledgements have to come back. */
  #isStuck(other: Host): boolean {
    const network = this.#network;
    const hasMoved = this.host.address !== this.#address || other.address !== this.#other.#address;
    return hasMoved || network.isCut(other, this.host) || network.isCut(this.host, other);
  }

  #die(how: "closed" | "reset"): void {
    this.#finish();
    this.onEnd?.(how);
  }

  #finish(): void {
    this.#phase = "ended";
    this.host.streams.delete(this);
    this.#pump?.();
    this.#pump = undefined;
  }
}

const endOfStream = Symbol("end of stream");

/**
 * Opens a stream: after a round trip both ends are there, or it failed; where nothing comes back it fails after 20 s. Gives
 * what calls it off.
 */
export function dialStream(
  network: Network,
  from: Host,
  to: Endpoint,
  opened: (end: StreamEnd) => void,
  failed: (reason: string) => void,
): () => void {
  const { timeline } = network;
  const target = network.hostAt(to.address);
  if (target === undefined || network.isCut(from, target) || network.isCut(target, from)) {
    return timeline.after(dialMs, () => failed("nobody answers"));
  }
  let cancel = timeline.after(network.delayMs(from, target, 60), () => {
    const listener = network.listenerAt(to);
    const backMs = network.delayMs(target, from, 60);
    cancel = timeline.after(backMs, () => {
      if (listener === undefined) return failed("refused");
      const [end, theirs] = StreamEnd.pair(network, from, target);
      listener.accept(theirs);
      opened(end);
    });
  });
  return () => cancel();
}
