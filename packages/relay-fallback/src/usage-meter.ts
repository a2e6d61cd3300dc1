import { RateWindow, type RelayUsage } from "@skein/client";

/** Counts what was relayed, for all peers together, and says when it passes a threshold. */
export class UsageMeter {
  readonly #thresholds: readonly number[];
  readonly #rate = new RateWindow();
  #bytes = 0;
  #passed = 0;

  constructor(thresholdsBytes: readonly number[]) {
    this.#thresholds = [...thresholdsBytes].sort((a, b) => a - b);
  }

  /** Gives the usage where it has just passed a threshold: the highest, where it passed several. */
  count(bytes: number, nowMs: number): RelayUsage | undefined {
    this.#bytes += bytes;
    this.#rate.add(bytes, nowMs);
    const before = this.#passed;
    while (this.#bytes >= (this.#thresholds[this.#passed] ?? Number.POSITIVE_INFINITY)) this.#passed++;
    if (this.#passed === before) return undefined;
    const thresholdBytes = this.#thresholds[this.#passed - 1] as number;
    return { bytes: this.#bytes, bytesPerSecond: Math.round(this.#rate.perSecond(nowMs)), thresholdBytes };
  }
}
