import type { NetworkWatch } from "@skein/client";

/** What a platform tells of its network, when the world says so. */
export class SimNetworkWatch implements NetworkWatch {
  isOnline = true;
  readonly #listeners = new Set<(reason: string) => void>();

  watch(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  tell(reason: string): void {
    for (const listener of [...this.#listeners]) listener(reason);
  }
}
