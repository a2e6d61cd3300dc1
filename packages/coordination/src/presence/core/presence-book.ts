import { encode, equalBytes, type PeerId } from "@skein/protocol";

/** What a peer says of itself. */
export interface Status {
  readonly capabilities: readonly string[];
  /** How busy it is: 0 is idle, 1 has as much as it takes. */
  readonly load: number;
  readonly meta?: unknown;
}

/** A peer, as far as we know. */
export interface PresentPeer extends Status {
  readonly id: PeerId;
  /** For people, as its card has it. */
  readonly name: string | undefined;
  /** When it last told something of itself, by our wall clock. Milliseconds since 1970. */
  readonly seenMs: number;
}

export type PresenceEvent =
  /** Messages can go there now. `status` is what its card says. */
  | {
      readonly type: "reachable";
      readonly id: PeerId;
      readonly name: string | undefined;
      readonly status: Status;
      readonly wallMs: number;
    }
  /** Its card changed. */
  | { readonly type: "card"; readonly id: PeerId; readonly name: string | undefined; readonly status: Status }
  /** It spoke. `isHello`: it hasn't heard of us yet. */
  | {
      readonly type: "status";
      readonly id: PeerId;
      readonly status: Status;
      readonly isHello: boolean;
      readonly wallMs: number;
    }
  | { readonly type: "gone"; readonly id: PeerId; readonly wallMs: number }
  /** What we say of ourselves is another thing now. */
  | { readonly type: "ours" }
  /** What we were to announce to a peer is accepted, or failed. */
  | { readonly type: "told"; readonly id: PeerId; readonly session: number }
  | { readonly type: "woke" };

export type PresenceEffect =
  /** Send it what we say now; then feed `told`. `isHello`: it shall say the same of itself. */
  | { readonly type: "announce"; readonly to: PeerId; readonly session: number; readonly isHello: boolean }
  | { readonly type: "joined" | "left"; readonly peer: PresentPeer }
  | { readonly type: "changed"; readonly peer: PresentPeer; readonly before: PresentPeer };

/** How much a peer knows of us: all · a message is on its way · one is, and there is news already. */
type Told = "all" | "sending" | "behind";

interface Entry {
  readonly peer: PresentPeer;
  /** It spoke for itself: its card has no say any more. */
  readonly spoke: boolean;
  readonly told: Told;
  /** Which of its comings this is: what was under way before it left is no news of now. */
  readonly session: number;
}

/** News of ours that come closer together than this go out as one. */
export const announceEveryMs = 100;
/** How many of those who left are remembered. */
export const leftMost = 256;

/**
 * Who is here, what they say, and who has to hear from us.
 *
 * Invariants:
 * 1. A peer joins before it changes or leaves, and leaves before it joins again.
 * 2. Nobody has two announcements of ours under way: news meanwhile make one more, however many they are.
 * 3. Whoever listens hears us, whichever of the two began to: who hasn't heard the other says so, and is answered.
 * 4. Whoever is here hears the last of what we said within {@link announceEveryMs}, as fast as it takes it.
 * 5. Nothing is kept of those who left but the last {@link leftMost}.
 */
export class PresenceBook {
  readonly #here = new Map<PeerId, Entry>();
  readonly #left = new Map<PeerId, PresentPeer>();
  #sessions = 0;
  #announcedMs = Number.NEGATIVE_INFINITY;
  #news: "none" | "waiting" = "none";

  get(id: PeerId): PresentPeer | undefined {
    return this.#here.get(id)?.peer;
  }

  /** Those who are here. */
  *peers(): Generator<PresentPeer> {
    for (const { peer } of this.#here.values()) yield peer;
  }

  /** When a peer last told something of itself, also one that left not too long ago. */
  seenMs(id: PeerId): number | undefined {
    return (this.#here.get(id)?.peer ?? this.#left.get(id))?.seenMs;
  }

  deadline(): { readonly atMs: number; readonly reason: string } | undefined {
    if (this.#news === "none") return undefined;
    return { atMs: this.#announcedMs + announceEveryMs, reason: "news of ours" };
  }

  handle(event: PresenceEvent, nowMs: number): readonly PresenceEffect[] {
    switch (event.type) {
      case "reachable":
        return this.#reach(event);
      case "card":
        return this.#readCard(event);
      case "status":
        return this.#hear(event);
      case "gone":
        return this.#leave(event.id, event.wallMs);
      case "told":
        return this.#told(event);
      case "ours":
        this.#news = "waiting";
        return this.#announce(nowMs);
      case "woke":
        return this.#announce(nowMs);
    }
  }

  #reach(event: Extract<PresenceEvent, { type: "reachable" }>): readonly PresenceEffect[] {
    const { id, name, status, wallMs } = event;
    // It is there already, by another link perhaps: what we said before may be lost.
    if (this.#here.has(id)) return this.#tell(id);
    const peer: PresentPeer = { meta: undefined, ...status, id, name, seenMs: wallMs };
    this.#left.delete(id);
    this.#here.set(id, { peer, spoke: false, told: "all", session: ++this.#sessions });
    return [{ type: "joined", peer }, ...this.#tell(id)];
  }

  #hear({ id, status, isHello, wallMs }: Extract<PresenceEvent, { type: "status" }>): readonly PresenceEffect[] {
    const changed = this.#change(id, { meta: undefined, ...status, seenMs: wallMs }, true);
    return isHello ? [...changed, ...this.#tell(id)] : changed;
  }

  #readCard({ id, name, status }: Extract<PresenceEvent, { type: "card" }>): readonly PresenceEffect[] {
    const spoke = this.#here.get(id)?.spoke ?? false;
    return this.#change(id, spoke ? { name } : { meta: undefined, ...status, name }, spoke);
  }

  #change(id: PeerId, news: Partial<PresentPeer>, spoke: boolean): readonly PresenceEffect[] {
    const entry = this.#here.get(id);
    if (entry === undefined) return [];
    const before = entry.peer;
    const peer = { ...before, ...news };
    this.#here.set(id, { ...entry, peer, spoke });
    // Many a status is said for the sake of saying it.
    return saysTheSame(before, peer) ? [] : [{ type: "changed", peer, before }];
  }

  #leave(id: PeerId, wallMs: number): readonly PresenceEffect[] {
    const entry = this.#here.get(id);
    if (entry === undefined) return [];
    const peer = { ...entry.peer, seenMs: wallMs };
    this.#here.delete(id);
    this.#left.set(id, peer);
    if (this.#left.size > leftMost) this.#left.delete(this.#left.keys().next().value as PeerId);
    return [{ type: "left", peer }];
  }

  #told({ id, session }: Extract<PresenceEvent, { type: "told" }>): readonly PresenceEffect[] {
    const entry = this.#here.get(id);
    if (entry?.session !== session) return [];
    this.#here.set(id, { ...entry, told: "all" });
    return entry.told === "behind" ? this.#tell(id) : [];
  }

  #announce(nowMs: number): readonly PresenceEffect[] {
    if (this.#news === "none" || nowMs < this.#announcedMs + announceEveryMs) return [];
    this.#news = "none";
    this.#announcedMs = nowMs;
    return [...this.#here.keys()].flatMap((id) => this.#tell(id));
  }

  #tell(id: PeerId): readonly PresenceEffect[] {
    const entry = this.#here.get(id);
    if (entry === undefined) return [];
    const isFree = entry.told === "all";
    this.#here.set(id, { ...entry, told: isFree ? "sending" : "behind" });
    return isFree ? [{ type: "announce", to: id, session: entry.session, isHello: !entry.spoke }] : [];
  }
}

function saysTheSame(one: PresentPeer, other: PresentPeer): boolean {
  return (
    one.name === other.name &&
    one.load === other.load &&
    one.capabilities.length === other.capabilities.length &&
    one.capabilities.every((capability, index) => capability === other.capabilities[index]) &&
    sameMeta(one.meta, other.meta)
  );
}

function sameMeta(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return one === other;
  // The encoder gives a view into its buffer: the next call writes over it.
  return equalBytes(Uint8Array.from(encode(one)), encode(other));
}
