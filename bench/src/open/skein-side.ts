import { defineProtocol, joinRoom, loadIdentity, message, type Room } from "@skein/client";
import type { Meeting, Side } from "./side.ts";

const greeting = defineProtocol("skein.bench", "1.0.0", { hello: message((value) => value as { text: string }) });

/** A member of a room, as any app would be one. */
export class SkeinSide implements Side {
  readonly #meeting: Meeting;
  #room: Room | undefined;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
  }

  async wait(): Promise<void> {
    const room = await this.#join();
    room.on("peer-connected", (peer) => void room.send(peer, greeting.hello, { text: "hello" }));
  }

  async enter(): Promise<number> {
    const startedMs = performance.now();
    const room = await this.#join();
    return new Promise((resolve) => {
      room.handle(greeting.hello, () => resolve(performance.now() - startedMs));
    });
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
  }

  async #join(): Promise<Room> {
    const { url, room, identity } = this.#meeting;
    const who = identity === undefined ? {} : { identity: loadIdentity(identity) };
    this.#room = await joinRoom({ server: url, room, protocols: [greeting], ...who });
    return this.#room;
  }
}
