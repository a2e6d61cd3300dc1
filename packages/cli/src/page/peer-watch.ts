import type { Peer, PeerId, Room } from "@skein/client";
import type { Crew } from "../crew/crew.js";
import { setsOfPeer } from "../crew/held-sets.js";
import { crewFiles, type HeldSet } from "../crew/protocol.js";
import { TrafficMeter } from "./core/traffic-meter.js";
import { nameOf } from "./membership.js";
import type { PeerView, Results, Store } from "./store.js";
import { kindText, sentenceOf } from "./words.js";

/** Shows bytes on their way: to or from a peer. */
export type ShowTraffic = (peer: PeerId, direction: "in" | "out", bytes: number) => void;

type FileResults = Extract<Results, { kind: "files" }>;

interface Watched {
  readonly in: TrafficMeter;
  readonly out: TrafficMeter;
}

/** Looks at the room's peers again and again, for what changes without an event: rates and round trips. */
export class PeerWatch {
  readonly #store: Store;
  readonly #showTraffic: ShowTraffic;
  #watched = new Map<PeerId, Watched>();

  constructor(store: Store, showTraffic: ShowTraffic) {
    this.#store = store;
    this.#showTraffic = showTraffic;
  }

  /** Takes the counters, and shows what went by since the last time. */
  sample(room: Room | undefined, nowMs: number): void {
    const before = this.#watched;
    this.#watched = new Map();
    for (const peer of room?.peers.values() ?? []) {
      const watched = before.get(peer.id) ?? { in: new TrafficMeter(), out: new TrafficMeter() };
      this.#watched.set(peer.id, watched);
      const { bytesReceived, bytesSent } = peer.traffic;
      const received = watched.in.sample(bytesReceived, nowMs);
      const sent = watched.out.sample(bytesSent, nowMs);
      if (received > 0) this.#showTraffic(peer.id, "in", received);
      if (sent > 0) this.#showTraffic(peer.id, "out", sent);
    }
  }

  /** Puts the peers as they are now into the store. */
  show(room: Room | undefined, crew: Crew | undefined): void {
    const peers = [...(room?.peers.values() ?? [])].map((peer) => this.#view(peer, crew));
    peers.sort(byLinkAndName);
    const named = (id: PeerId | undefined) => peers.find((peer) => peer.id === id)?.name;
    this.#store.set({ peers, offices: { leader: named(crew?.leader?.id), keeper: named(crew?.keeper) } });
  }

  /** Shows a peer's files, or more of them. */
  async list(room: Room, crew: Crew, id: PeerId): Promise<void> {
    const peer = room.peers.get(id);
    if (peer === undefined) return;
    const shown = this.#store.state.results;
    const before = shown.kind === "files" && shown.peer === id ? shown.files : [];
    this.#store.set({
      results: { kind: "files", peer: id, name: nameOf(peer), files: before, total: undefined, problem: undefined },
    });
    const show = (more: Partial<FileResults>) => {
      const { results } = this.#store.state;
      // Whoever looks at something else by now isn't called back.
      if (results.kind === "files" && results.peer === id) this.#store.set({ results: { ...results, ...more } });
    };
    const present = crew.presence.get(id);
    const sets = present === undefined ? [] : setsOfPeer(present);
    const total = filesOf(sets);
    const next = nextPage(sets, before.length);
    if (next === undefined) return show({ total: before.length });
    try {
      const { files } = await room.request(peer, crewFiles.list, next);
      const more = files.map((file) => ({ ...file, set: next.set }));
      show({ files: [...before, ...more], total: more.length === 0 ? before.length : total });
    } catch (error) {
      show({ total: before.length, problem: sentenceOf(error) });
    }
  }

  #view(peer: Peer, crew: Crew | undefined): PeerView {
    const watched = this.#watched.get(peer.id);
    const present = crew?.presence.get(peer.id);
    return {
      id: peer.id,
      name: nameOf(peer),
      kind: kindText(peer.card.kind),
      state: peer.state,
      path: peer.path,
      rttMs: peer.rttMs,
      rateIn: watched?.in.perSecond ?? 0,
      rateOut: watched?.out.perSecond ?? 0,
      files: present && filesOf(setsOfPeer(present)),
      roles: [
        ...(crew?.leader?.id === peer.id ? ["leads"] : []),
        ...(crew?.keeper === peer.id ? ["keeps the index"] : []),
      ],
    };
  }
}

function filesOf(sets: readonly HeldSet[]): number {
  return sets.reduce((sum, { files }) => sum + files, 0);
}

/** Where the file of that number is. */
function nextPage(sets: readonly HeldSet[], from: number): { set: string; from: number } | undefined {
  for (const { set, files } of sets) {
    if (from < files) return { set, from };
    from -= files;
  }
  return undefined;
}

/** Those that can be reached first; then an order that nobody's coming and going turns round. */
function byLinkAndName(a: PeerView, b: PeerView): number {
  const linked = Number(b.state === "connected") - Number(a.state === "connected");
  return linked || a.name.localeCompare(b.name, "en") || a.id.localeCompare(b.id, "en");
}
