import { setTimeout as after } from "node:timers/promises";
import { type ArtifactStore, createMemoryStore } from "@skein/coordination";

/** A store in memory whose reads can be made to take their time: what its holder gives is limited by that. */
export class SlowStore implements ArtifactStore {
  readonly #kept = createMemoryStore();
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  /** When the next read may end. */
  #clearMs = 0;

  limit(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clearMs = 0;
  }

  list: ArtifactStore["list"] = () => this.#kept.list();
  remove: ArtifactStore["remove"] = (id) => this.#kept.remove(id);
  draft: ArtifactStore["draft"] = (name) => this.#kept.draft(name);
  close: ArtifactStore["close"] = () => this.#kept.close();

  read: ArtifactStore["read"] = async (id, index) => {
    const bytes = await this.#kept.read(id, index);
    if (bytes === undefined || this.#bytesPerSecond === Number.POSITIVE_INFINITY) return bytes;
    const nowMs = performance.now();
    // Timers have whole milliseconds: what one came late by, the next is early by.
    this.#clearMs = Math.max(this.#clearMs, nowMs - 20) + (1_000 * bytes.length) / this.#bytesPerSecond;
    if (this.#clearMs > nowMs) await after(this.#clearMs - nowMs);
    return bytes;
  };
}
