import { networkInterfaces } from "node:os";
import type { NetworkWatch } from "./network-watch.js";

/** As much of `networkInterfaces()` as counts here. */
export type Interfaces = Readonly<Record<string, readonly { address: string; internal: boolean }[] | undefined>>;

/** Node isn't told of changes: it has to look. */
const lookMs = 1_000;

/** Compares this computer's addresses each second. Node doesn't know whether they lead anywhere. */
export const platformNetwork: NetworkWatch = {
  isOnline: true,
  watch: (listener) => watchAddresses(networkInterfaces, listener),
};

/** @param look what gives the interfaces as they are now. */
export function watchAddresses(look: () => Interfaces, listener: (reason: string) => void): () => void {
  let before = addressesOf(look());
  const timer = setInterval(() => {
    const addresses = addressesOf(look());
    if (addresses === before) return;
    before = addresses;
    listener("this computer's addresses have changed");
  }, lookMs);
  // To watch is no reason to go on running. Node's timers are objects.
  (timer as unknown as { unref(): void }).unref();
  return () => clearInterval(timer);
}

/** All addresses that lead outside, as a text to compare: the same ones in another order are no change. */
export function addressesOf(interfaces: Interfaces): string {
  return Object.entries(interfaces)
    .flatMap(([name, list = []]) => list.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`))
    .sort()
    .join();
}
