import { limits } from "@skein/protocol";

/** The socket isn't read while a check runs: this is for what had been read by then, which is one read's worth. */
const bytesMost = 2 * limits.packetBytes;
const packetsMost = 4_096;

/** What came while a signature was checked, or the app decided. Its turn comes afterwards, in order. */
export class Held<Packet extends Uint8Array> {
  readonly #packets: Packet[] = [];
  #bytes = 0;

  /** Whether there was room for it. */
  add(packet: Packet): boolean {
    if (this.#packets.length >= packetsMost || this.#bytes + packet.length > bytesMost) return false;
    this.#packets.push(packet);
    this.#bytes += packet.length;
    return true;
  }

  get packets(): readonly Packet[] {
    return this.#packets;
  }
}
