import { Alarm, type AttachedPath, type DirectNews, type OpenPath, type PathWorld } from "@skein/client";
import { decodeRelayPacket, encodeRelayPacket, RelayChannel, type RelayPacket } from "@skein/protocol";
import { type RelayEffect, type RelayEvent, type RelayState, relayDeadline, stepRelay } from "./core/relay-policy.js";
import type { UsageMeter } from "./usage-meter.js";

/** The relay path to one peer: frames on a channel through the server, each sealed for the peer. */
export class RelayPath implements AttachedPath {
  readonly #world: PathWorld;
  readonly #meter: UsageMeter;
  readonly #alarm: Alarm;
  readonly #channel = new RelayChannel();
  #policy: RelayState;
  #path: OpenPath | undefined;

  constructor(world: PathWorld, policy: RelayState, meter: UsageMeter) {
    this.#world = world;
    this.#meter = meter;
    this.#policy = policy;
    this.#alarm = new Alarm(world.clock, () => this.#step({ type: "woke" }));
  }

  direct(news: DirectNews): void {
    this.#step({ type: "direct", news });
  }

  receive(body: Uint8Array): void {
    this.#count(body.length);
    const packet = decodeRelayPacket(body);
    if (packet.ok) this.#take(packet.value);
    else this.#world.rejected(packet);
  }

  undeliverable(reason: string): void {
    // It may have been another envelope; where nothing of ours is under way, it was.
    if (this.#channel.underWayBytes > 0) this.#path?.lose(`the server can't deliver to the peer (${reason})`);
  }

  server(news: "away" | "back"): void {
    this.#step({ type: news === "away" ? "server-away" : "server-back" });
  }

  lost(): void {
    this.#path = undefined;
    this.#channel.close();
    this.#step({ type: "lost", roll: this.#world.roll() });
  }

  close(): void {
    this.#step({ type: "end" });
    this.#path = undefined;
    this.#channel.close();
  }

  #step(event: RelayEvent, theirChannel?: number): void {
    const { state, effects } = stepRelay(this.#policy, event, this.#world.clock.nowMs());
    this.#policy = state;
    this.#alarm.set(relayDeadline(state));
    for (const effect of effects) this.#carryOut(effect, theirChannel);
  }

  #carryOut(effect: RelayEffect, theirChannel?: number): void {
    if (effect === "open") this.#open(theirChannel);
    else this.#path?.lose("the server is away");
  }

  #open(theirChannel?: number): void {
    this.#channel.open(theirChannel);
    const channel = this.#channel;
    this.#path = this.#world.open({
      get bufferedAmount() {
        return channel.underWayBytes;
      },
      send: (frame) => this.#send(frame),
    });
  }

  #take(packet: RelayPacket): void {
    const news = this.#channel.receive(packet);
    switch (news.type) {
      case "newer":
        // Theirs takes the place of ours: what they had of ours, they have forgotten.
        this.#path?.lose("the peer opened another");
        this.#answer(packet.channel);
        return this.#channel.isOpen ? this.#take(packet) : undefined;
      case "older":
        // They don't know yet that it is over: a newer one tells them.
        return this.#step({ type: "called" });
      case "broken":
        return this.#path?.lose("something was lost on its way");
      case "frame":
        return this.#deliver(news.frame);
    }
  }

  #answer(theirChannel: number): void {
    this.#step({ type: "called" }, theirChannel);
  }

  #deliver(frame: Uint8Array): void {
    const path = this.#path;
    if (frame.length > 0) path?.receive(frame);
    // The frame may have ended the channel.
    if (this.#path !== path) return;
    path?.resume();
    if (this.#channel.owesAcknowledgement) this.#acknowledge();
  }

  #acknowledge(): void {
    const packet = this.#channel.wrap(new Uint8Array(0));
    if (packet !== undefined && !this.#forward(packet)) this.#path?.lose("the server is away");
  }

  #send(frame: Uint8Array): void {
    const packet = this.#channel.wrap(frame);
    if (packet === undefined || !this.#forward(packet)) throw new Error("the server is away");
  }

  #forward(packet: RelayPacket): boolean {
    const body = encodeRelayPacket(packet);
    this.#count(body.length);
    return this.#world.forward(body);
  }

  #count(bytes: number): void {
    const usage = this.#meter.count(bytes, this.#world.clock.nowMs());
    if (usage !== undefined) this.#world.used(usage);
  }
}
