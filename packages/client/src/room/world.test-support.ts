import { createIdentity, defineProtocol, message, request } from "@skein/protocol";
import { FakeNetwork } from "../engine/fake-engine.test-support.js";
import { joinRoom } from "../join-room.js";
import { ManualWatch } from "../network/manual-watch.test-support.js";
import { FakeServer } from "../signaling/fake-server.test-support.js";
import { countingRandom, TestClock, turn } from "../testing.test-support.js";
import type { JoinOptions } from "./options.js";
import type { Room } from "./room.js";
import type { RoomEvents } from "./room-events.js";

const text = (value: unknown): string => {
  if (typeof value !== "string") throw new Error("not a text");
  return value;
};

/** What the rooms of these tests speak. */
export const chat = defineProtocol("test.chat", "1.0.0", { say: message(text), ask: request(text, text) });

const names = [
  "peer-joined",
  "peer-connected",
  "peer-disconnected",
  "path-changed",
  "peer-updated",
  "peer-left",
  "server-connected",
  "server-disconnected",
  "trouble",
  "rejected",
  "closed",
] as const satisfies readonly (keyof RoomEvents)[];

/** A room, and all that it told. */
export interface Guest {
  readonly room: Room;
  readonly network: ManualWatch;
  /** Names of events, in their order. */
  readonly seen: (keyof RoomEvents)[];
  /** What was said to it. */
  readonly heard: string[];
}

/** One server, one network, one clock, and rooms that share them. */
export class World {
  readonly clock = new TestClock();
  readonly network = new FakeNetwork();
  readonly server = new FakeServer();
  readonly guests: Guest[] = [];
  #seed = 0;

  /** The identities of joins without one of their own are the same in each run: the first is `identity(1)`. */
  identity(seed: number) {
    return createIdentity({ random: countingRandom(seed) });
  }

  async join(options: Partial<JoinOptions> = {}): Promise<Guest> {
    const seed = ++this.#seed;
    const network = new ManualWatch();
    const room = await joinRoom({
      signaling: this.server.signaling(),
      room: "lab",
      identity: this.identity(seed),
      random: countingRandom(1_000 + seed),
      protocols: [chat],
      engine: this.network.engine(),
      clock: this.clock,
      network,
      ...options,
    } as JoinOptions);
    const guest: Guest = { room, network, seen: [], heard: [] };
    for (const name of names) room.on(name, () => guest.seen.push(name));
    if (options.protocols === undefined) room.handle(chat.say, (body) => void guest.heard.push(body));
    this.guests.push(guest);
    this.clock.advance(0);
    return guest;
  }

  /** Waits until something is so, letting as little time pass as it takes. */
  async until(isSo: () => boolean): Promise<void> {
    for (let turns = 0; !isSo(); turns++) {
      if (turns > 100_000) throw new Error(`never came to be so: ${isSo}`);
      await turn();
      // Signatures are checked outside of this thread: give them many turns before time goes on.
      if (turns % 200 === 199) this.clock.advance(100);
    }
  }

  /** Whether the two are linked, and a path carries the link. */
  connected(a: Guest, b: Guest): boolean {
    return [a.room.peers.get(b.room.id), b.room.peers.get(a.room.id)].every(
      (peer) => peer?.state === "connected" && peer.path !== undefined,
    );
  }

  async untilConnected(...guests: Guest[]): Promise<void> {
    const pairs = guests.flatMap((a) => guests.filter((b) => a !== b).map((b) => [a, b] as const));
    await this.until(() => pairs.every(([a, b]) => this.connected(a, b)));
  }

  async pair(options: Partial<JoinOptions> = {}): Promise<readonly [Guest, Guest]> {
    const ann = await this.join(options);
    const ben = await this.join(options);
    await this.untilConnected(ann, ben);
    return [ann, ben];
  }

  /** The server keeps all envelopes until the call that this gives. */
  hold(): () => void {
    const held: Parameters<FakeServer["deliver"]>[0][] = [];
    this.server.route = (forward) => {
      held.push(forward);
      return [];
    };
    return () => {
      this.server.route = (forward) => [forward];
      for (const forward of held) this.server.deliver(forward);
    };
  }

  async leaveAll(): Promise<void> {
    let isOver = false;
    const left = Promise.all(this.guests.map(({ room }) => room.leave())).then(() => {
      isOver = true;
    });
    await this.until(() => isOver);
    await left;
  }
}
