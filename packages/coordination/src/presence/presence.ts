import {
  limits,
  type Messenger,
  type MessengerPeer,
  type MessengerPeerEvent,
  type PeerId,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";
import { type Clock, platformClock } from "../clock.js";
import { Alarm } from "../shared/alarm.js";
import { Emitter } from "../shared/emitter.js";
import { mustBeMeta } from "../shared/meta.js";
import {
  PresenceBook,
  type PresenceEffect,
  type PresenceEvent,
  type PresentPeer,
  type Status,
} from "./core/presence-book.js";
import { presenceMetaBytes, presenceProtocol } from "./protocol.js";

/** What is told of others. Names are in the past: each says that something has happened. */
export type PresenceEvents = {
  /** Messages can go there. What it says of itself beyond its card follows as `changed`. */
  joined: PresentPeer;
  /** It said something new of itself. */
  changed: { readonly peer: PresentPeer; readonly before: PresentPeer };
  /** Messages no longer get there. */
  left: PresentPeer;
};

export interface PresenceOptions extends PresenceUpdate {
  /** For simulated worlds. */
  readonly clock?: Clock;
}

/** What we say of ourselves. What isn't given stays. */
export interface PresenceUpdate {
  /** What we can do, in the app's words. Up to 64 names of up to 128 characters, with those that {@link Presence.provide} adds. */
  readonly capabilities?: readonly string[];
  /** How busy we are beside the tasks that we run: 0 is idle, 1 has as much as it takes. */
  readonly load?: number;
  /** Anything else that others should know, as plain data of up to 4 KiB. */
  readonly meta?: unknown;
}

/** Whom to look for. */
export interface PresenceQuery {
  /** All of these. */
  readonly capabilities?: readonly string[];
  readonly loadMost?: number;
}

/**
 * Says what we can do and how busy we are to everyone who can be reached, and knows what they say.
 *
 * Whoever doesn't speak `skein.presence` is known by its card, with a load of 0.
 * @throws {SkeinError} `bad-argument`, `too-large`, as {@link Presence.update}
 * @example
 * const room = await joinRoom({ server, room: "lab", protocols: [presenceProtocol] });
 * const presence = createPresence(room, { capabilities: ["ocr"] });
 * presence.on("changed", ({ peer }) => console.log(peer.id, peer.load));
 * const [first] = presence.find({ capabilities: ["ocr"] }); // the least busy
 */
export function createPresence(messenger: Messenger, options: PresenceOptions = {}): Presence {
  return new Presence(messenger, options);
}

/** Who is here, what they can do, how busy they are. Made by {@link createPresence}. */
export class Presence implements AsyncDisposable {
  readonly #messenger: Messenger;
  readonly #clock: Clock;
  readonly #emitter = new Emitter<PresenceEvents>();
  readonly #book = new PresenceBook();
  readonly #alarm: Alarm;
  readonly #stops: readonly Unsubscribe[];
  readonly #provided = new Map<string, number>();
  #ours: Status = { capabilities: [], load: 0 };
  #workLoad = 0;
  #state: "open" | "closed" = "open";

  /** @internal Use {@link createPresence}. */
  constructor(messenger: Messenger, { clock = platformClock, ...update }: PresenceOptions) {
    this.#messenger = messenger;
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => this.#feed({ type: "woke" }));
    this.update(update);
    this.#stops = [
      messenger.handle(presenceProtocol.status, ({ hello: isHello = false, ...status }, { id }) =>
        this.#feed({ type: "status", id, status, isHello, wallMs: clock.wallMs() }),
      ),
      messenger.onPeer((event) => this.#hear(event)),
    ];
    for (const peer of messenger.peers.values()) if (isReachable(peer)) this.#hear({ type: "reachable", peer });
  }

  /** What we say of ourselves now. */
  get own(): Status {
    const { capabilities, load, meta } = this.#ours;
    return {
      capabilities: [...new Set([...capabilities, ...this.#provided.keys()])],
      load: load + this.#workLoad,
      ...(meta === undefined ? {} : { meta }),
    };
  }

  /** Those who can be reached. */
  get peers(): readonly PresentPeer[] {
    return [...this.#book.peers()];
  }

  /** What a peer says of itself; undefined where it can't be reached. */
  get(id: PeerId): PresentPeer | undefined {
    return this.#book.get(id);
  }

  /** When a peer last told something of itself, by our wall clock; also of those who left, the last 256 of them. */
  lastSeenMs(id: PeerId): number | undefined {
    return this.#book.seenMs(id);
  }

  /** Those who can do all of it, the least busy first. */
  find({ capabilities = [], loadMost = Number.POSITIVE_INFINITY }: PresenceQuery = {}): readonly PresentPeer[] {
    const fits = (peer: PresentPeer) =>
      peer.load <= loadMost && capabilities.every((capability) => peer.capabilities.includes(capability));
    return this.peers.filter(fits).sort((a, b) => a.load - b.load);
  }

  /** Listens for an event; gives what ends that. */
  on<Name extends keyof PresenceEvents>(name: Name, listener: (event: PresenceEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /**
   * Changes what we say of ourselves. Everyone hears of it at once, or within a tenth of a second where much changes.
   * @throws {SkeinError} `bad-argument`, `bad-body`, `too-large`, `closed`
   */
  update({
    capabilities = this.#ours.capabilities,
    load = this.#ours.load,
    meta = this.#ours.meta,
  }: PresenceUpdate): void {
    this.#mustBeOpen();
    mustBeCapabilities([...capabilities, ...this.#provided.keys()]);
    if (!Number.isFinite(load) || load < 0) {
      throw new SkeinError("bad-argument", `A load of ${load} can't be told: give a number from 0.`);
    }
    mustBeMeta(meta, presenceMetaBytes);
    this.#ours = { capabilities: [...capabilities], load, meta };
    this.#feed({ type: "ours" });
  }

  /**
   * Adds one capability until it is taken back: for libraries that bring one of their own.
   * @throws {SkeinError} `bad-argument`, `too-large`, `closed`
   */
  provide(capability: string): Unsubscribe {
    this.#mustBeOpen();
    mustBeCapabilities([...this.own.capabilities, capability]);
    this.#provided.set(capability, (this.#provided.get(capability) ?? 0) + 1);
    this.#feed({ type: "ours" });
    let isProvided = true;
    return () => {
      if (isProvided) this.#takeBack(capability);
      isProvided = false;
    };
  }

  /** Our load by the tasks that we run. Added to what the app says. @internal */
  setWorkLoad(load: number): void {
    if (this.#state === "closed" || load === this.#workLoad) return;
    this.#workLoad = load;
    this.#feed({ type: "ours" });
  }

  /** Says nothing more, and hears nothing. Others go on knowing what was said until they see us go. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const stop of this.#stops) stop();
    this.#alarm.set(undefined);
    this.#emitter.clear();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #takeBack(capability: string): void {
    const times = (this.#provided.get(capability) ?? 1) - 1;
    if (times > 0) this.#provided.set(capability, times);
    else this.#provided.delete(capability);
    if (this.#state === "open") this.#feed({ type: "ours" });
  }

  #hear({ type, peer }: MessengerPeerEvent): void {
    const { id, card } = peer;
    if (type === "gone") return this.#feed({ type, id, wallMs: this.#clock.wallMs() });
    const status: Status = { capabilities: card.caps, load: 0, meta: card.meta };
    if (type === "updated") return this.#feed({ type: "card", id, name: card.name, status });
    this.#feed({ type, id, name: card.name, status, wallMs: this.#clock.wallMs() });
  }

  #feed(event: PresenceEvent): void {
    const effects = this.#book.handle(event, this.#clock.nowMs());
    this.#alarm.set(this.#book.deadline()?.atMs);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: PresenceEffect): void {
    switch (effect.type) {
      case "announce":
        return this.#announce(effect);
      case "changed":
        return this.#emitter.emit("changed", { peer: effect.peer, before: effect.before });
      default:
        return this.#emitter.emit(effect.type, effect.peer);
    }
  }

  #announce({ to: id, session, isHello }: Extract<PresenceEffect, { type: "announce" }>): void {
    const told = () => {
      if (this.#state === "open") this.#feed({ type: "told", id, session });
    };
    const status = isHello ? { ...this.own, hello: true } : this.own;
    // Whoever doesn't speak presence, or is gone meanwhile, is told nothing.
    this.#messenger.send(id, presenceProtocol.status, status).then(told, told);
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw new SkeinError("closed", "This presence was closed: create another one.");
  }
}

/** Some messengers list peers before messages can go there. */
export function isReachable({ state }: MessengerPeer): boolean {
  return state === undefined || state === "connected";
}

function mustBeCapabilities(capabilities: readonly string[]): void {
  const wrong = capabilities.find((name) => typeof name !== "string" || name === "" || name.length > limits.nameLength);
  if (wrong !== undefined) {
    throw new SkeinError("bad-argument", `A capability is a name of 1 to ${limits.nameLength} characters.`);
  }
  if (new Set(capabilities).size > limits.capabilities) {
    throw new SkeinError("too-large", `More than ${limits.capabilities} capabilities can't be told: say less.`);
  }
}
