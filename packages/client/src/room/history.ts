import type { PeerId } from "@skein/protocol";
import { Recent } from "../core/recent.js";
import { TotalsWindow } from "../core/totals-window.js";
import { addTraffic, type LinkTraffic, noTraffic } from "../link/traffic.js";
import type { RemotePeer } from "./remote-peer.js";
import type { RoomEvents } from "./room-events.js";
import type { PeerStats, RoomHappening, RoomStats } from "./room-stats.js";

type TrafficWindow = TotalsWindow<keyof LinkTraffic>;
type Told = { [Name in keyof RoomEvents]: readonly [Name, RoomEvents[Name]] }[keyof RoomEvents];
type Happening = Omit<RoomHappening, "atMs" | "times">;

const eventsMost = 50;

/** What a room remembers for its statistics: the last events, the traffic of peers that left, samples for the rates. */
export class History {
  readonly #events = new Recent<Happening>(eventsMost);
  readonly #all: TrafficWindow = new TotalsWindow();
  readonly #each = new Map<PeerId, TrafficWindow>();
  #past = noTraffic;

  tell(told: Told, wallMs: number): void {
    const happening = happeningOf(told);
    if (happening === undefined) return;
    const { event, peer, reason } = happening;
    // Whoever sends rubbish brings these about as often as it likes: they mustn't drive all else out.
    const isCounted = event === "rejected" || event === "trouble";
    this.#events.add(
      happening,
      wallMs,
      (before) => isCounted && before.event === event && before.peer === peer && before.reason === reason,
    );
  }

  /** The peer is gone. What went to it and came from it stays counted. */
  bury({ id, traffic }: RemotePeer): void {
    this.#past = addTraffic(this.#past, traffic);
    this.#each.delete(id);
  }

  sample(peers: Iterable<RemotePeer>, nowMs: number): void {
    let total = this.#past;
    for (const { id, traffic } of peers) {
      this.#windowOf(id).sample(traffic, nowMs);
      total = addTraffic(total, traffic);
    }
    this.#all.sample(total, nowMs);
  }

  stats(peers: readonly RemotePeer[], nowMs: number): Omit<RoomStats, "rejected" | "server"> {
    const total = peers.reduce((sum, { traffic }) => addTraffic(sum, traffic), this.#past);
    return {
      peers: peers.length,
      connected: peers.filter(({ state }) => state === "connected").length,
      ...total,
      rates: this.#all.perSecond(total, nowMs),
      perPeer: peers.map((peer) => this.#peerStats(peer, nowMs)),
      events: this.#events.all,
    };
  }

  #peerStats(peer: RemotePeer, nowMs: number): PeerStats {
    const { id, card, state, sinceMs, path, candidates, rttMs, openMs, traffic } = peer;
    const rates = this.#windowOf(id).perSecond(traffic, nowMs);
    return { id, name: card.name, state, sinceMs, path, candidates, rttMs, openMs, traffic, rates };
  }

  #windowOf(id: PeerId): TrafficWindow {
    let window = this.#each.get(id);
    if (window === undefined) {
      window = new TotalsWindow();
      this.#each.set(id, window);
    }
    return window;
  }
}

/** What events tell: each some of it. */
interface About {
  readonly id?: PeerId;
  readonly peer?: { readonly id: PeerId };
  readonly from?: PeerId | "server";
  readonly reason?: string;
  readonly code?: string;
}

/** Where there is a code it is the reason: an error's text may hold what was sent. */
function happeningOf([event, told]: Told): Happening | undefined {
  if (event === "stats") return undefined;
  const { id, peer, from, reason, code }: About = (told as About | undefined) ?? {};
  const about = from === "server" ? undefined : from;
  return { event, peer: id ?? peer?.id ?? about, reason: code ?? reason };
}
