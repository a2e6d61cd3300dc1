import {
  defineProtocol,
  joinRoom,
  loadIdentity,
  message,
  type Room,
  type Signaling,
  webSocketSignaling,
} from "@skein/client";
import type { Meeting, OpenTimes, Side } from "./side.ts";

const greeting = defineProtocol("skein.bench", "1.0.0", { hello: message((value) => value as { text: string }) });

/** A member of a room, as any app would be one. */
export class SkeinSide implements Side {
  readonly #meeting: Meeting;
  #room: Room | undefined;
  /** When the server told who else is there. */
  #seenMs = Number.NaN;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
  }

  async wait(): Promise<void> {
    const room = await this.#join();
    room.on("peer-connected", (peer) => void room.send(peer, greeting.hello, { text: "hello" }));
  }

  async enter(): Promise<OpenTimes> {
    const startedMs = performance.now();
    const room = await this.#join();
    return new Promise((resolve) => {
      room.handle(greeting.hello, () =>
        resolve({ openMs: performance.now() - startedMs, linkMs: performance.now() - this.#seenMs }),
      );
    });
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
  }

  async #join(): Promise<Room> {
    const { url, room, identity } = this.#meeting;
    const who = identity === undefined ? {} : { identity: loadIdentity(identity) };
    this.#room = await joinRoom({ signaling: this.#watched(url), room, protocols: [greeting], ...who });
    return this.#room;
  }

  /** A server, as `server: url` would make it, whose roster is timed. */
  #watched(url: string): Signaling {
    const server = webSocketSignaling({ url });
    return {
      join: (join, events) =>
        server.join(join, {
          ...events,
          roster: (...roster) => {
            this.#seenMs = performance.now();
            events.roster(...roster);
          },
        }),
    };
  }
}
