import type { Clock } from "../clock.js";
import { hasSlept, type Moment } from "../core/sleep.js";
import type { Pulse } from "../pulse.js";
import type { NetworkWatch } from "./network-watch.js";

/**
 * One watch for all of a room. A sleep of the computer counts as a change: nobody knows what became of the network meanwhile.
 * It looks and listens for as long as anyone does to it.
 */
export class SharedNetwork implements NetworkWatch {
  readonly #network: NetworkWatch;
  readonly #clock: Clock;
  readonly #pulse: Pulse;
  readonly #listeners = new Set<(reason: string) => void>();
  #before: Moment;
  #stops: readonly (() => void)[] = [];

  constructor(network: NetworkWatch, clock: Clock, pulse: Pulse) {
    this.#network = network;
    this.#clock = clock;
    this.#pulse = pulse;
    this.#before = this.#moment();
  }

  get isOnline(): boolean {
    return this.#network.isOnline;
  }

  watch(listener: (reason: string) => void): () => void {
    if (this.#listeners.size === 0) this.#begin();
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  }

  #begin(): void {
    this.#before = this.#moment();
    this.#stops = [this.#network.watch((reason) => this.#tell(reason)), this.#pulse.listen(() => this.#sample())];
  }

  #end(): void {
    for (const stop of this.#stops) stop();
  }

  #sample(): void {
    const before = this.#before;
    this.#before = this.#moment();
    if (hasSlept(before, this.#before)) this.#tell("the computer slept");
  }

  #moment(): Moment {
    return { nowMs: this.#clock.nowMs(), wallMs: this.#clock.wallMs() };
  }

  #tell(reason: string): void {
    for (const listener of [...this.#listeners]) listener(reason);
  }
}
