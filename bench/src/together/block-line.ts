import type { Room } from "@skein/client";
import { bareProtocol } from "./protocol.ts";

const blockBytes = 1_048_576;

/** Bytes in blocks of 1 MiB, sent as fast as the room takes them. */
export class BlockLine {
  readonly #room: Room;
  #due = 0;
  #taken: (bytes: number) => void = () => {};

  constructor(room: Room) {
    this.#room = room;
    room.handle(bareProtocol.block, (block, { id }) => {
      this.#due -= block.length;
      if (this.#due === 0) void room.send(id, bareProtocol.taken, block.length);
    });
    room.handle(bareProtocol.taken, (bytes) => this.#taken(bytes));
  }

  take(totalBytes: number): void {
    this.#due = totalBytes;
  }

  /** Gives the milliseconds until the other side had all of it. */
  async send(peer: Room["id"], totalBytes: number): Promise<number> {
    const block = new Uint8Array(blockBytes).fill(7);
    const taken = new Promise((resolve) => {
      this.#taken = resolve;
    });
    const startedMs = performance.now();
    for (let sent = 0; sent < totalBytes; sent += blockBytes) await this.#room.send(peer, bareProtocol.block, block);
    await taken;
    return performance.now() - startedMs;
  }
}
