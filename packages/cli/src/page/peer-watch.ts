import type { Peer, PeerId, Room } from "@skein/client";
import { files } from "../files/protocol.js";
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
  files: number | undefined;
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
      const watched = before.get(peer.id) ?? { in: new TrafficMeter(), out: new TrafficMeter(), files: undefined };
      this.#watched.set(peer.id, watched);
      const { bytesReceived, bytesSent } = peer.traffic;
      const received = watched.in.sample(bytesReceived, nowMs);
      const sent = watched.out.sample(bytesSent, nowMs);
      if (received > 0) this.#showTraffic(peer.id, "in", received);
      if (sent > 0) this.#showTraffic(peer.id, "out", sent);
    }
  }

  /** Puts the peers as they are now into the store. */
  show(room: Room | undefined): void {
    const peers = [...(room?.peers.values() ?? [])].map((peer) => this.#view(peer));
    peers.sort(byLinkAndName);
    this.#store.set({ peers });
  }

  /** Asks a peer how many files it shares. */
  async count(room: Room, peer: Peer): Promise<void> {
    // One that shares none needn't answer: its row says so by showing nothing.
    const answer = await room.request(peer, files.list, { from: 0 }).catch(() => undefined);
    const watched = this.#watched.get(peer.id) ?? { in: new TrafficMeter(), out: new TrafficMeter(), files: undefined };
    watched.files = answer?.total;
    this.#watched.set(peer.id, watched);
    this.show(room);
  }

  /** Shows a peer's files, or more of them. */
  async list(room: Room, id: PeerId): Promise<void> {
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
    try {
      const page = await room.request(peer, files.list, { from: before.length });
      show({ files: [...before, ...page.files], total: page.files.length === 0 ? before.length : page.total });
    } catch (error) {
      show({ total: before.length, problem: sentenceOf(error) });
    }
  }

  #view(peer: Peer): PeerView {
    const watched = this.#watched.get(peer.id);
    return {
      id: peer.id,
      name: nameOf(peer),
      kind: kindText(peer.card.kind),
      state: peer.state,
      path: peer.path,
      rttMs: peer.rttMs,
      rateIn: watched?.in.perSecond ?? 0,
      rateOut: watched?.out.perSecond ?? 0,
      files: watched?.files,
    };
  }
}

/** Those that can be reached first; then an order that nobody's coming and going turns round. */
function byLinkAndName(a: PeerView, b: PeerView): number {
  const linked = Number(b.state === "connected") - Number(a.state === "connected");
  return linked || a.name.localeCompare(b.name, "en") || a.id.localeCompare(b.id, "en");
}
