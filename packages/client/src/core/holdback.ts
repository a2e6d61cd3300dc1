/** What may wait: a newcomer's offers to a full room, and some. */
const packetsMost = 512;

/**
 * What we don't say because the server told us to be quiet for a while: it would be dropped, and held against us. Afterwards it goes
 * in its order.
 */
export class Holdback {
  #packets: Uint8Array[] = [];
  #untilMs = 0;

  /** When what waits may go; undefined where nothing is held back. */
  deadline(nowMs: number): number | undefined {
    return this.isQuiet(nowMs) || this.#packets.length > 0 ? this.#untilMs : undefined;
  }

  isQuiet(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** The server wants nothing more before this time. */
  beQuiet(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }

  /** Keeps a packet; false where too many wait already. */
  add(packet: Uint8Array): boolean {
    if (this.#packets.length >= packetsMost) return false;
    this.#packets.push(packet);
    return true;
  }

  /** What may go now. */
  take(nowMs: number): readonly Uint8Array[] {
    if (this.isQuiet(nowMs)) return [];
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }

  /** The connection that it was for is gone. */
  clear(): void {
    this.#packets = [];
    this.#untilMs = 0;
  }
}
