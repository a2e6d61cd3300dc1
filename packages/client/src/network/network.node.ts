import { networkInterfaces } from "node:os";
import type { NetworkWatch } from "./network-watch.js";

/** As much of `networkInterfaces()` as counts here. */
export type Interfaces = Readonly<Record<string, readonly { address: string; internal: boolean }[] | undefined>>;

/** Node isn't told of changes: it has to look. */
const lookMs = 1_000;

type Listener = (reason: string) => void;

/**
 * Compares a computer's addresses each second, for all rooms of a process together: a look costs a third of a millisecond, which is much for a
 * thousand rooms.
 */
export class AddressWatch {
  readonly #look: () => Interfaces;
  readonly #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #addresses = "";

  /** @param look what gives the interfaces as they are now. */
  constructor(look: () => Interfaces) {
    this.#look = look;
  }

  /** Has the listener told of each change, until the function that this gives is called. */
  watch(listener: Listener): () => void {
    // The same listener may watch twice.
    const own: Listener = (reason) => listener(reason);
    if (this.#listeners.size === 0) this.#start();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) clearInterval(this.#timer);
    };
  }

  #start(): void {
    this.#addresses = addressesOf(this.#look());
    this.#timer = setInterval(() => this.#compare(), lookMs);
    // To watch is no reason to go on running. Node's timers are objects.
    (this.#timer as unknown as { unref(): void }).unref();
  }

  #compare(): void {
    const addresses = addressesOf(this.#look());
    if (addresses === this.#addresses) return;
    this.#addresses = addresses;
    for (const listener of [...this.#listeners]) listener("this computer's addresses have changed");
  }
}

const addressWatch = new AddressWatch(networkInterfaces);

/** Node doesn't know whether the computer's addresses lead anywhere. */
export const platformNetwork: NetworkWatch = {
  isOnline: true,
  watch: (listener) => addressWatch.watch(listener),
};

/** All addresses that lead outside, as a text to compare: the same ones in another order are no change. */
export function addressesOf(interfaces: Interfaces): string {
  return Object.entries(interfaces)
    .flatMap(([name, list = []]) => list.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`))
    .sort()
    .join();
}
