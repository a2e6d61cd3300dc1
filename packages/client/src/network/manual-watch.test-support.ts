import type { NetworkWatch } from "./network-watch.js";

/** A network that changes when a test says so. */
export class ManualWatch implements NetworkWatch {
  isOnline = true;
  readonly #listeners = new Set<(reason: string) => void>();

  watch(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get watched(): number {
    return this.#listeners.size;
  }

  change(reason = "another network"): void {
    for (const listener of [...this.#listeners]) listener(reason);
  }
}
