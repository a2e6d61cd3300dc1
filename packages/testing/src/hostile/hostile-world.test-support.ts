import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type AttachedPath,
  type Clock,
  defineProtocol,
  type Engine,
  type FrameSink,
  joinRoom,
  message,
  type OpenPath,
  type PathProvider,
  type PathWorld,
  type Room,
  request,
  type Signaling,
  type SignalingEvents,
} from "@skein/client";
import {
  type BoxKeyPair,
  createBoxKeyPair,
  createIdentity,
  type ForwardClass,
  type Identity,
  type PeerId,
  type SignedCard,
  signCard,
} from "@skein/protocol";
import { lyingHello } from "./lying-frames.js";
import { LyingRelay } from "./lying-relay.js";
import type { Mark, PeerRole } from "./peer-roles.js";
import type { RelayRole } from "./relay-roles.js";

const anything = (value: unknown): unknown => value;

/** What the rooms of these tests speak. */
export const talk = defineProtocol("test.talk", "1.0.0", {
  say: message(anything),
  ask: request(anything, anything),
  well: request(anything, anything),
});

export const mark: Mark = { request: talk.ask.name, message: talk.say.name, protocols: { "test.talk": ["1.0.0"] } };

/** Random bytes that are the same in each run. */
export function seededRandom(seed: number): (length: number) => Uint8Array {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

/** Time that stands still: what these tests show doesn't wait for it. */
class StillClock implements Clock {
  readonly timers = new Set<() => void>();
  nowMs = () => 0;
  wallMs = () => 1_700_000_000_000;

  after(delayMs: number, callback: () => void): () => void {
    if (delayMs === 0) queueMicrotask(callback);
    else this.timers.add(callback);
    return () => void this.timers.delete(callback);
  }
}

/** No direct path is tried: the channels of this world are the direct paths. */
const noEngine: Engine = {
  kind: "none",
  RTCPeerConnection: class {
    constructor() {
      throw new Error("no engine");
    }
  } as unknown as Engine["RTCPeerConnection"],
  rollback: false,
  restart: false,
};

/** The meeting place: honest about who joins, and whatever a test wants beside that. */
class Hub implements Signaling {
  readonly members = new Map<PeerId, { card: () => SignedCard; events: SignalingEvents }>();
  readonly strangers: SignedCard[] = [];
  /** Envelopes that the rooms sent. */
  forwards = 0;

  async join(...[{ identity, card }, events]: Parameters<Signaling["join"]>) {
    events.roster([...this.strangers, ...[...this.members.values()].map((member) => member.card())], []);
    for (const member of this.members.values()) member.events.card(card());
    this.members.set(identity.id, { card, events });
    return {
      address: "here",
      forward: (to: PeerId, kind: ForwardClass, envelope: Uint8Array) => {
        this.forwards++;
        queueMicrotask(() => this.members.get(to)?.events.envelope(identity.id, kind, envelope));
        return true;
      },
      announce: () => {},
      leave: async () => void this.members.delete(identity.id),
    };
  }

  /** Somebody is listed whose room isn't a room. */
  list(card: SignedCard): void {
    this.strangers.push(card);
    for (const { events } of this.members.values()) events.card(card);
  }
}

/** One end's channel: what it sends goes to whoever took it, or fills the buffer. */
interface ChannelEnd {
  readonly world: PathWorld;
  path: OpenPath | undefined;
}

type Taker = (frame: Uint8Array) => void;

/** Channels between the rooms of a world, and to strangers who take frames as they like. */
class Wires {
  readonly ends = new Map<string, ChannelEnd>();
  /** Who takes the frames that go to a stranger; undefined leaves them in the channel's buffer. */
  readonly strangers = new Map<PeerId, { take: Taker | undefined; opened: () => void }>();

  provider(own: PeerId): PathProvider {
    return {
      kind: "direct",
      replacesDirect: true,
      attach: (world) => this.#attach(own, world),
    };
  }

  end(own: PeerId, other: PeerId): ChannelEnd | undefined {
    return this.ends.get(`${own} ${other}`);
  }

  #attach(own: PeerId, world: PathWorld): AttachedPath {
    const other = world.peer.id;
    const end: ChannelEnd = { world, path: undefined };
    this.ends.set(`${own} ${other}`, end);
    queueMicrotask(() => this.#connect(own, other));
    return {
      direct: () => {},
      receive: () => {},
      undeliverable: () => {},
      server: () => {},
      lost: () => {
        end.path = undefined;
      },
      close: () => void this.ends.delete(`${own} ${other}`),
    };
  }

  #connect(own: PeerId, other: PeerId): void {
    const stranger = this.strangers.get(other);
    if (stranger !== undefined) return this.open(own, other, () => stranger.take);
    if (this.end(own, other) === undefined || this.end(other, own) === undefined) return;
    for (const [from, to] of [
      [own, other],
      [other, own],
    ] as const) {
      this.open(from, to, () => (frame) => queueMicrotask(() => this.end(to, from)?.path?.receive(frame)));
    }
  }

  open(own: PeerId, other: PeerId, taker: () => Taker | undefined): void {
    const end = this.end(own, other);
    if (end === undefined) return;
    let bufferedAmount = 0;
    const sink: FrameSink = {
      get bufferedAmount() {
        return bufferedAmount;
      },
      send(frame) {
        const take = taker();
        if (take === undefined) bufferedAmount += frame.length;
        else take(frame);
      },
    };
    end.path = end.world.open(sink);
    this.strangers.get(other)?.opened();
  }
}

/** A room that a test looks into. */
export interface Guest {
  readonly room: Room;
  readonly events: Record<"peer-connected" | "peer-disconnected" | "rejected" | "trouble", number>;
}

/** A victim, a bystander, and a lying peer in one room. All of it happens in one process, and no time passes. */
export class HostileWorld {
  readonly clock = new StillClock();
  readonly hub = new Hub();
  readonly #wires = new Wires();
  readonly #guests: Guest[] = [];
  #seed = 0;
  /** Frames that came to the liar from the victim. */
  readonly heard: Uint8Array[] = [];
  heardBytes = 0;
  heardFrames = 0;

  /** @param relay how it relays, where that is its way to others, in place of the wires. */
  async join(relay?: PathProvider): Promise<Guest> {
    const identity = this.#identity();
    const room = await joinRoom({
      signaling: this.hub,
      room: "lab",
      identity,
      random: seededRandom(900 + this.#seed),
      protocols: [talk],
      engine: noEngine,
      clock: this.clock,
      network: { isOnline: true, watch: () => () => {} },
      paths: [relay ?? this.#wires.provider(identity.id)],
    });
    const events = { "peer-connected": 0, "peer-disconnected": 0, rejected: 0, trouble: 0 };
    for (const name of Object.keys(events) as (keyof typeof events)[]) room.on(name, () => void events[name]++);
    room.handle(talk.well, (text) => text);
    const guest = { room, events };
    this.#guests.push(guest);
    return guest;
  }

  /** What signalling tells this room by: a test may lie by it. */
  eventsOf({ room }: Guest): SignalingEvents {
    const member = this.hub.members.get(room.id);
    if (member === undefined) throw new Error("it isn't in the room");
    return member.events;
  }

  /** Whether all that signalling told was looked at: each thing is, in its turn. */
  async settle(guest: Guest): Promise<void> {
    let isThere = false;
    const stop = guest.room.on("server-disconnected", ({ reason }) => {
      isThere ||= reason === "the last word";
    });
    for (let turns = 0; !isThere; turns++) {
      // What is too much at once is turned away: it is said again then, and not so often that it is a flood itself.
      if (turns % 1_000 === 0) this.eventsOf(guest).disconnected("the last word");
      await turn();
    }
    stop();
  }

  /** A peer that is no room: its card is as genuine as any. */
  async liar(): Promise<{ id: PeerId; box: BoxKeyPair; card: SignedCard }> {
    const identity = this.#identity();
    const { id } = identity;
    const box = createBoxKeyPair(seededRandom(700 + this.#seed));
    const own = { id, box: box.publicKey, started: 0, caps: [], protocols: mark.protocols, n: 0 };
    return { id, box, card: await signCard(identity, own) };
  }

  /** Lets a role lie to a room, all of it: gives what its last frame left behind. `pause` runs between some of the frames. */
  async play(role: PeerRole, victim: Guest, pause: () => Promise<void>): Promise<{ said: number }> {
    const { id, card } = await this.liar();
    const take = (frame: Uint8Array) => {
      this.heardFrames++;
      this.heardBytes += frame.length;
    };
    this.#wires.strangers.set(id, { take: role.reads ? take : undefined, opened: () => {} });
    this.hub.list(card);
    await until(() => this.#wires.end(victim.room.id, id)?.path !== undefined);
    const say = (frame: Uint8Array) => this.#wires.end(victim.room.id, id)?.path?.receive(frame);
    say(lyingHello(mark.protocols, role.hello));
    let said = 0;
    for (const frame of role.frames(mark)) {
      say(frame);
      if (++said % 500 === 0) await pause();
    }
    await pause();
    return { said };
  }

  /** The same, by what is relayed: gives how many packets it said. */
  async playRelay(role: RelayRole, victim: Guest, pause: () => Promise<void>): Promise<{ said: number }> {
    const { id, box, card } = await this.liar();
    this.hub.list(card);
    await until(() => victim.room.peers.has(id));
    const { id: theirId, card: theirs } = victim.room;
    const events = this.eventsOf(victim);
    const liar = new LyingRelay({ room: "lab", id, box, theirId, theirBox: theirs.box }, (envelope) =>
      events.envelope(id, "relay", envelope),
    );
    let said = 0;
    for (const { packet, counter } of role.packets(mark)) {
      liar.say(packet, counter);
      if (++said % 100 === 0) await pause();
    }
    await pause();
    return { said };
  }

  async leave(): Promise<void> {
    const left = Promise.all(this.#guests.map(({ room }) => room.leave()));
    let isOver = false;
    void left.then(() => {
      isOver = true;
    });
    await until(() => {
      for (const callback of [...this.clock.timers]) {
        this.clock.timers.delete(callback);
        callback();
      }
      return isOver;
    });
  }

  #identity(): Identity {
    return createIdentity({ random: seededRandom(++this.#seed) });
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The test's own time limit ends the wait. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** A question and its answer, both ways: they still talk. */
export async function stillTalk(a: Guest, b: Guest): Promise<void> {
  const answers = [a.room.request(b.room.id, talk.well, "?"), b.room.request(a.room.id, talk.well, "!")];
  if ((await Promise.all(answers)).join("") !== "?!") throw new Error("the answers are others");
}

/** What this process holds once all that nobody needs is gone, and nothing that is under way has gone on. */
export function heldNow(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  // Buffers are given back by a thread of the engine's own, which the next collection waits for.
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The same, once what is under way has gone on. */
export async function heldBytes(): Promise<number> {
  await turn();
  heldNow();
  await turn();
  return heldNow();
}
