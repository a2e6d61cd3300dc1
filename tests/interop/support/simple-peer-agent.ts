import type { JoinOptions } from "@skein/client";
import { type SimplePeerPair, simplePeer } from "@skein/client/simple-peer";
import type { Instance, SignalData } from "simple-peer";
import { Agent } from "./agent.ts";

/** Makes a simple-peer of the platform's. */
export type CreateSimplePeer = (options: { initiator: boolean }) => Instance;

/** An agent of a room of two over a simple-peer, which the test signals by hand. */
export class SimplePeerAgent extends Agent {
  readonly #create: CreateSimplePeer;
  #peer: Instance | undefined;
  #pair: SimplePeerPair | undefined;
  #signals: SignalData[] = [];
  #wake: () => void = () => {};

  constructor(create: CreateSimplePeer) {
    super();
    this.#create = create;
  }

  /** Makes a simple-peer; it connects when both sides have each other's signals. */
  dial(initiator: boolean): void {
    const peer = this.#create({ initiator });
    this.#peer = peer;
    this.#signals = [];
    peer.on("signal", (signal) => {
      this.#signals.push(signal);
      this.#wake();
    });
    peer.once("connect", () => this.#wake());
  }

  /** What the other side must be told, once there is something; nothing when we are connected. */
  async nextSignals(): Promise<readonly string[]> {
    while (this.#signals.length === 0 && !this.#mustPeer().connected) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#signals.splice(0).map((signal) => JSON.stringify(signal));
  }

  signal(signals: readonly string[]): void {
    for (const signal of signals) this.#mustPeer().signal(signal);
  }

  /** The room's simple-peer is closed under its feet: what is under way is lost. */
  hangUp(): void {
    this.#mustPeer().destroy();
  }

  /** The simple-peer that was dialled last takes the place of the room's. */
  replace(): void {
    this.#pair?.replace(this.#mustPeer());
  }

  /** What the room left of the simple-peer. */
  remains(): { readonly connected: boolean; readonly listeners: number } {
    const peer = this.#mustPeer();
    return { connected: peer.connected, listeners: peer.listenerCount("data") + peer.listenerCount("error") };
  }

  protected override way(): Partial<JoinOptions> {
    this.#pair = simplePeer(this.#mustPeer());
    return this.#pair;
  }

  #mustPeer(): Instance {
    if (this.#peer === undefined) throw new Error("dial first");
    return this.#peer;
  }
}

export const simplePeerMethods = ["dial", "nextSignals", "signal", "hangUp", "replace", "remains"] as const;
