import { type Endpoint, Nat, type NatKind } from "../core/nat.js";
import type { SeededRandom } from "../core/seeded-random.js";
import type { Timeline } from "../core/timeline.js";
import { Host } from "./host.js";
import { defaultQuality, type LinkQuality } from "./quality.js";
import { type Acceptor, dialStream, type StreamEnd } from "./stream.js";

/** A datagram on its way. What it carries is handed over as it is: whoever sends it gives it away. */
export interface Datagram {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly payload: unknown;
  /** Its size on the wire. */
  readonly bytes: number;
}

/** A direction in which nothing passes. */
interface Cut {
  readonly from: ReadonlySet<Host>;
  readonly to: ReadonlySet<Host>;
}

/** What a network tells whoever watches it. */
export interface NetworkCounts {
  readonly datagrams: number;
  readonly lost: number;
}

/** Hosts, the NATs before them, and what becomes of the datagrams and streams between them. */
export class Network {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly #hosts: Host[] = [];
  /** By public address. */
  readonly #doors = new Map<string, Host | Nat>();
  readonly #cuts = new Set<Cut>();
  #addresses = 0;
  #datagrams = 0;
  #lost = 0;

  constructor(timeline: Timeline, random: SeededRandom) {
    this.timeline = timeline;
    this.random = random;
  }

  get counts(): NetworkCounts {
    return { datagrams: this.#datagrams, lost: this.#lost };
  }

  /** A NAT that several hosts may stand behind. */
  addNat(kind: Exclude<NatKind, "none">): Nat {
    const nat = new Nat(kind, this.#publicAddress());
    this.#doors.set(nat.address, nat);
    return nat;
  }

  addHost(name: string, options: { nat?: NatKind | Nat; quality?: Partial<LinkQuality> } = {}): Host {
    const host = new Host(this, name, { ...defaultQuality, ...options.quality });
    this.#hosts.push(host);
    this.move(host, options.nat ?? "none");
    return host;
  }

  /** The host stands somewhere else from now on: it has another address, behind another NAT. */
  move(host: Host, where: NatKind | Nat): void {
    if (host.nat === undefined) this.#doors.delete(host.address);
    const nat = typeof where !== "string" ? where : where === "none" ? undefined : this.addNat(where);
    const address = nat === undefined ? this.#publicAddress() : this.#privateAddress();
    host.settle(address, nat);
    if (nat === undefined) this.#doors.set(address, host);
  }

  /** Lets nothing through from some hosts to others; gives what ends that. */
  cut(from: Iterable<Host>, to: Iterable<Host>): () => void {
    const cut = { from: new Set(from), to: new Set(to) };
    this.#cuts.add(cut);
    return () => this.#cuts.delete(cut);
  }

  /** Ends all cuts. */
  heal(): void {
    this.#cuts.clear();
  }

  isCut(from: Host, to: Host): boolean {
    if (from.isOff || to.isOff) return true;
    for (const cut of this.#cuts) if (cut.from.has(from) && cut.to.has(to)) return true;
    return false;
  }

  /** Opens a stream to whoever listens there; see {@link dialStream}. */
  dial(from: Host, to: Endpoint, opened: (end: StreamEnd) => void, failed: (reason: string) => void): () => void {
    return dialStream(this, from, to, opened, failed);
  }

  /** Who listens for streams at an address that everyone can reach. */
  listenerAt({ address, port }: Endpoint): { host: Host; accept: Acceptor } | undefined {
    const door = this.#doors.get(address);
    if (!(door instanceof Host)) return undefined;
    const accept = door.acceptorOf(port);
    return accept === undefined ? undefined : { host: door, accept };
  }

  /** The host of a public address. */
  hostAt(address: string): Host | undefined {
    const door = this.#doors.get(address);
    return door instanceof Host ? door : undefined;
  }

  /** How long something of so many bytes takes from host to host now. It waits in line for both links. */
  delayMs(from: Host, to: Host, bytes: number): number {
    const waitMs = from.up.admit(this.timeline.nowMs, bytes) + to.down.admit(this.timeline.nowMs, bytes);
    const jitterMs = this.random.unit() * (from.quality.jitterMs + to.quality.jitterMs);
    return waitMs + from.quality.latencyMs + to.quality.latencyMs + jitterMs;
  }

  /** Sends a datagram from a host's own address. It arrives, or nobody is told. */
  send(host: Host, datagram: Datagram): void {
    this.#datagrams++;
    const route = this.#route(host, datagram);
    if (route === undefined || this.#isLost(host, route.host, datagram.bytes)) {
      this.#lost++;
      return;
    }
    const { host: target, from, to } = route;
    this.timeline.after(this.delayMs(host, target, datagram.bytes), () => {
      if (target.isOff || target.address !== to.address) return;
      target.receive({ ...datagram, from, to });
    });
  }

  /** Through which NATs it goes, and who gets it. */
  #route(host: Host, { from, to }: Datagram): { host: Host; from: Endpoint; to: Endpoint } | undefined {
    const neighbour = this.#hosts.find((other) => other.nat !== undefined && other.address === to.address);
    if (neighbour !== undefined) return neighbour.nat === host.nat ? { host: neighbour, from, to } : undefined;
    const outer = host.nat === undefined ? from : host.nat.outbound(from, to);
    if (outer === undefined) return undefined;
    const door = this.#doors.get(to.address);
    if (door instanceof Host) return { host: door, from: outer, to };
    // To come back in through the same NAT takes hairpinning (RFC 4787 §6), which many don't have.
    if (door === undefined || door === host.nat) return undefined;
    const inner = door.inbound(outer, to.port);
    const target = inner && this.#hosts.find((other) => other.nat === door && other.address === inner.address);
    return target === undefined || inner === undefined ? undefined : { host: target, from: outer, to: inner };
  }

  #isLost(from: Host, to: Host, bytes: number): boolean {
    if (this.isCut(from, to)) return true;
    if (from.up.isFull(this.timeline.nowMs, bytes) || to.down.isFull(this.timeline.nowMs, bytes)) return true;
    const kept = (1 - from.quality.loss) * (1 - to.quality.loss);
    return kept < 1 && !this.random.chance(kept);
  }

  #publicAddress(): string {
    const n = ++this.#addresses;
    // RFC 5737: for documentation, so that none of them is anyone's.
    return `203.0.113.${n}`;
  }

  #privateAddress(): string {
    const n = ++this.#addresses;
    return `192.168.${n >> 8}.${n & 255}`;
  }
}
