import { concatBytes, decodeRelayPacket, encodeRelayPacket, limits, RelayChannel } from "@skein/protocol";
import { Alarm } from "../clock.js";
import type { AttachedPath, DirectNews, OpenPath, PathWorld } from "../room/path-provider.js";
import { type Carrier, frameKind } from "./carrier.js";

/** How long after a path over a simple-peer that is still connected the next one is tried. */
const retryMs = 1_000;

const frameHead = Uint8Array.of(frameKind);

/**
 * The direct path over a simple-peer. Each frame is sealed for the peer: whoever signalled the simple-peer may have put itself in the
 * middle of it, and its public interface has nothing that a proof of identity could be bound to.
 *
 * Frames are counted as on a relay's channel, so that a path can end and another begin while the simple-peer stays.
 */
export class SimplePeerPath implements AttachedPath {
  readonly #world: PathWorld;
  readonly #carrier: Carrier;
  readonly #alarm: Alarm;
  readonly #closed: () => void;
  readonly #channel = new RelayChannel();
  #release: (() => void) | undefined;
  #path: OpenPath | undefined;

  /** @param closed called when the peer is gone */
  constructor(world: PathWorld, carrier: Carrier, closed: () => void = () => {}) {
    this.#world = world;
    this.#carrier = carrier;
    this.#closed = closed;
    this.#alarm = new Alarm(world.clock, () => this.#open());
  }

  direct(news: DirectNews): void {
    if (news === "trying") this.#begin();
  }

  /** Nothing comes through the server. */
  receive(): void {}
  undeliverable(): void {}
  server(): void {}

  lost(): void {
    this.#path = undefined;
    this.#channel.close();
    if (this.#carrier.isOpen) this.#alarm.set(this.#world.clock.nowMs() + retryMs);
  }

  close(): void {
    this.#alarm.set(undefined);
    this.#release?.();
    this.#release = undefined;
    this.#path = undefined;
    this.#channel.close();
    this.#closed();
  }

  #begin(): void {
    if (this.#release !== undefined) return;
    const held = this.#carrier.takeHeld();
    this.#release = this.#carrier.use("frames", {
      opened: () => this.#open(),
      closed: (reason) => this.#lose(reason),
      received: (message) => this.#receive(message),
      drained: () => this.#path?.resume(),
    });
    this.#open();
    for (const message of held) this.#receive(message);
  }

  #open(theirChannel?: number): void {
    if (!this.#carrier.isOpen || this.#release === undefined) return;
    this.#alarm.set(undefined);
    this.#channel.open(theirChannel);
    const carrier = this.#carrier;
    this.#path = this.#world.open({
      get bufferedAmount() {
        return carrier.isFull ? Number.POSITIVE_INFINITY : 0;
      },
      send: (frame) => this.#send(frame),
    });
  }

  /** The link says so to {@link SimplePeerPath.lost}. */
  #lose(reason: string): void {
    this.#alarm.set(undefined);
    this.#path?.lose(reason);
  }

  #send(frame: Uint8Array): void {
    const packet = this.#channel.wrap(frame);
    if (packet === undefined) throw new Error("the path over the simple-peer is closed");
    this.#carrier.send(concatBytes(frameHead, this.#world.seal(encodeRelayPacket(packet))));
  }

  #receive(message: Uint8Array): void {
    if (message[0] !== frameKind) {
      return this.#world.rejected({ ok: false, code: "unknown-type", reason: "no frame came over the simple-peer" });
    }
    if (message.length > limits.packetBytes) {
      const reason = `a message of over ${limits.packetBytes} bytes over the simple-peer`;
      return this.#world.rejected({ ok: false, code: "over-limit", reason });
    }
    const body = this.#world.unseal(message.subarray(1));
    if (!body.ok) return this.#world.rejected(body);
    this.#take(body.value);
  }

  #take(body: Uint8Array): void {
    const packet = decodeRelayPacket(body);
    if (!packet.ok) return this.#world.rejected(packet);
    const news = this.#channel.receive(packet.value);
    switch (news.type) {
      case "newer":
        this.#lose("the peer began another");
        this.#open(packet.value.channel);
        // Where that couldn't be, there is nothing to take it.
        return this.#channel.isOpen ? this.#take(body) : undefined;
      case "older":
        // Of a path that they don't know yet to be over: the HELLO of the next one tells them.
        return this.#channel.isOpen ? undefined : this.#open();
      case "broken":
        return this.#lose("something was lost on its way");
      case "frame":
        return this.#path?.receive(news.frame);
    }
  }
}
