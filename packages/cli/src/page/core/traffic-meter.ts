import { RateMeter } from "../../agent/rate-meter.js";

/** What one counter of bytes tells: how fast it grows, and by how much since the last look. */
export class TrafficMeter {
  readonly #rate = new RateMeter();
  #total: number | undefined;

  /** Takes the counter's value; gives how much it grew. */
  sample(total: number, nowMs: number): number {
    const grown = total - (this.#total ?? total);
    this.#total = total;
    this.#rate.add(total, nowMs);
    return Math.max(0, grown);
  }

  get perSecond(): number {
    return this.#rate.rate;
  }
}
