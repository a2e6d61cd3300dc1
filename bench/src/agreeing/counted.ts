import type { Room } from "@skein/client";
import type { Messenger, MessengerPeer } from "@skein/protocol";

type Counts = Messenger<MessengerPeer>;

/** A room whose messages are counted as they are sent. */
export class Counted implements Counts {
  readonly #room: Counts;
  sent = 0;
  readonly request: Counts["request"];
  readonly handle: Counts["handle"];
  readonly onPeer: Counts["onPeer"];

  constructor(room: Room) {
    this.#room = room as unknown as Counts;
    this.request = this.#room.request.bind(this.#room);
    this.handle = this.#room.handle.bind(this.#room);
    this.onPeer = this.#room.onPeer.bind(this.#room);
  }

  get id(): Counts["id"] {
    return this.#room.id;
  }

  get peers(): Counts["peers"] {
    return this.#room.peers;
  }

  send(...args: Parameters<Counts["send"]>): Promise<void> {
    this.sent++;
    return this.#room.send(...args);
  }
}
