import { limits } from "@skein/protocol";

/** The socket isn't read meanwhile: this is for what had been read by then, which is one read's worth. */
const bytesMost = 2 * limits.packetBytes;
const packetsMost = 4_096;

/** What came while something before it had to wait. Its turn comes afterwards, in order. */
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

  /** For the one whose turn it was: it is the next again. There is room for it, since nothing was read meanwhile. */
  putBack(packet: Packet): void {
    this.#packets.unshift(packet);
    this.#bytes += packet.length;
  }

  /** Takes the next one out. */
  shift(): Packet | undefined {
    const packet = this.#packets.shift();
    this.#bytes -= packet?.length ?? 0;
    return packet;
  }
}
