import type { Peer, Room } from "@skein/client";
import { type DigestReply, type Outcome, type ReadReply, transferProtocol } from "./protocol.js";
import type { Sender } from "./receive-entry.js";

/** A sender that is gone ends the link, and that ends the wait; a hash of a very large file may take hours. */
const answerTimeoutMs = 24 * 60 * 60 * 1000;

/** One transfer of a peer, asked for over its link. */
export class RoomSender implements Sender {
  readonly #room: Room;
  readonly #peer: Peer;
  readonly #transfer: string;
  readonly #options: { readonly timeoutMs: number; readonly signal: AbortSignal };

  constructor(room: Room, peer: Peer, transfer: string, signal: AbortSignal) {
    this.#room = room;
    this.#peer = peer;
    this.#transfer = transfer;
    this.#options = { timeoutMs: answerTimeoutMs, signal };
  }

  list(from: number): ReturnType<Sender["list"]> {
    return this.#room.request(this.#peer, transferProtocol.list, { transfer: this.#transfer, from }, this.#options);
  }

  digest(entry: number, bytes: number): Promise<DigestReply> {
    const body = { transfer: this.#transfer, entry, bytes };
    return this.#room.request(this.#peer, transferProtocol.digest, body, this.#options);
  }

  read(entry: number, offset: number, length: number): Promise<ReadReply> {
    const body = { transfer: this.#transfer, entry, offset, length };
    return this.#room.request(this.#peer, transferProtocol.read, body, this.#options);
  }

  settled(entry: number, outcome: Outcome): Promise<void> {
    return this.#room.send(this.#peer, transferProtocol.settled, { transfer: this.#transfer, entry, outcome });
  }

  decline(): Promise<void> {
    return this.#room.send(this.#peer, transferProtocol.decline, { transfer: this.#transfer });
  }

  /** All is settled, or we can't go on; resolves when the sender knows. */
  async finish(failure?: string): Promise<void> {
    const body = { transfer: this.#transfer, ...(failure === undefined ? {} : { failure: failure.slice(0, 512) }) };
    await this.#room.request(this.#peer, transferProtocol.finish, body, { signal: this.#options.signal });
  }
}
