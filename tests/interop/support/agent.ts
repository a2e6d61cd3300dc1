import {
  broadcastChannelSignaling,
  createIdentity,
  defineProtocol,
  type Engine,
  type JoinOptions,
  joinRoom,
  loadIdentity,
  message,
  type NetworkWatch,
  type PeerId,
  platformEngine,
  type Room,
  type RoomStats,
  request,
} from "@skein/client";
import { type RelayFallbackOptions, relayFallback } from "@skein/relay-fallback";
import { type Got, TestStreams } from "./streams.ts";

/**
 * A test's agent: the same code in Node and in a page, driven through plain data so that a test can hold one of each in its
 * hands. Bundled for browsers by `browsers.ts`, used as it is in Node by `node-agent.ts`.
 */
export interface AgentOptions {
  /** A server's address, or those of several, or the tabs of this browser without any. Of no matter over a simple-peer. */
  readonly server: string | readonly string[] | "tabs";
  readonly room: string;
  readonly name: string;
  /** Whether this side offers first; by the engines' own rule unless given. */
  readonly offers?: boolean;
  readonly secret?: string;
  readonly identity?: string;
  /** When to relay; never unless given. */
  readonly relay?: NonNullable<RelayFallbackOptions["policy"]>;
  /** Only candidates of TURN servers count. */
  readonly turnOnly?: boolean;
  /** The platform itself tells when the network changes: it does, where the test moves it. */
  readonly isMoved?: boolean;
}

export interface PeerReport {
  readonly id: string;
  readonly name: string | undefined;
  readonly state: string;
  readonly path: string | undefined;
  readonly openMs: number | undefined;
  readonly rttMs: number | undefined;
}

const test = defineProtocol("skein.test", "1.0.0", {
  say: message((value) => value as { text: string }),
  echo: request(
    (value) => value as unknown,
    (value) => value as unknown,
  ),
  number: message((value) => value as number),
  point: message((value) => value as number, { lane: "lossy" }),
  slow: request(
    (value) => value as unknown,
    (value) => value as unknown,
  ),
});

export class Agent {
  #room: Room | undefined;
  /** The engine's connections that aren't closed, so that a test can take them away. */
  readonly #connections = new Set<RTCPeerConnection>();
  readonly #firewall: Firewall = { isUp: false };
  #made = 0;
  /** Node's network changes when the test says so; a page's own watch is told as browsers tell it. */
  readonly #network = new ToldNetwork();
  /** Of the numbers that came: which is due next, and those that came where another was due. */
  #due = 0;
  readonly #wrong: number[] = [];
  #flows = false;
  /** Of the points: how many were sent, and those that came. */
  #pointsSent = 0;
  readonly #points: number[] = [];
  /** Frames that went over channels for the lossy lane. */
  #lossyFrames = 0;
  readonly heard: { from: string; text: string }[] = [];
  /** Every event, in words. */
  readonly log: string[] = [];
  readonly #wakers = new Set<() => void>();
  #streams: TestStreams | undefined;

  /** Joins, and gives our id. */
  async join(options: AgentOptions): Promise<string> {
    const own = await platformEngine();
    const room = await joinRoom({
      ...this.way(options),
      room: options.room,
      name: options.name,
      protocols: [test],
      identity: options.identity === undefined ? createIdentity() : loadIdentity(options.identity),
      // Between a browser and another engine the browser offers: naming the kinds turns that round.
      engine: {
        ...own,
        ...(options.offers === undefined ? {} : { kind: options.offers ? "browser" : "answerer" }),
        RTCPeerConnection: remembering(firewalled(this.#bound(own, options), this.#firewall), this.#connections, {
          sentLossy: () => this.#lossyFrames++,
          made: (connection) => this.#watch(connection),
        }),
      },
      ...(options.relay === undefined ? {} : { paths: [relayFallback({ policy: options.relay })] }),
      ...(inPage || options.isMoved ? {} : { network: this.#network }),
      ...(options.secret === undefined ? {} : { secret: options.secret }),
    });
    this.#room = room;
    this.#streams = new TestStreams(room);
    room.handle(test.say, ({ text }, from) => this.#note(() => this.heard.push({ from: from.id, text })));
    room.handle(test.echo, (value) => value);
    room.handle(test.number, (number) => this.#note(() => this.#count(number)));
    room.handle(test.point, (point) => this.#note(() => this.#points.push(point)));
    room.handle(test.slow, (_value, _from, { signal }) => {
      this.#write("slow asked");
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          this.#write("slow cancelled");
          reject(signal.reason);
        });
      });
    });
    room.on("peer-joined", (peer) => this.#write(`peer-joined ${peer.card.name}`));
    room.on("peer-connected", (peer) => this.#write(`peer-connected ${peer.card.name}`));
    room.on("peer-disconnected", ({ peer, reason }) => this.#write(`peer-disconnected ${peer.card.name}: ${reason}`));
    room.on("peer-left", ({ peer, reason }) => this.#write(`peer-left ${peer.card.name}: ${reason}`));
    room.on("peer-updated", (peer) => this.#write(`peer-updated ${peer.card.name}`));
    room.on("path-changed", ({ peer, reason }) =>
      this.#write(`path ${peer.path ?? "none"} ${peer.card.name}: ${reason}`),
    );
    room.on("server-connected", () => this.#write("server-connected"));
    room.on("server-disconnected", () => this.#write("server-disconnected"));
    room.on("rejected", ({ code, reason }) => this.#write(`rejected ${code}: ${reason}`));
    room.on("trouble", (error) => this.#write(`trouble ${error.code}: ${error.message}`));
    room.on("closed", (error) => this.#write(`closed ${error?.code ?? "by us"}`));
    return room.id;
  }

  /** How the room finds its peers. */
  protected way({ server }: AgentOptions): Partial<JoinOptions> {
    return server === "tabs" ? { signaling: broadcastChannelSignaling() } : { server };
  }

  /** Resolves when this many peers are connected; fails with what happened instead. */
  async connected(count: number, timeoutMs = 20_000): Promise<PeerReport[]> {
    const enough = () => this.peers().filter(({ state }) => state === "connected").length >= count;
    await this.#until(enough, timeoutMs, () => `${count} connected peers`);
    return this.peers();
  }

  /** Resolves when the log has a line that begins so, at or behind `from`; gives its place. */
  async logged(start: string, from = 0, timeoutMs = 20_000): Promise<number> {
    const find = () => this.log.findIndex((line, index) => index >= from && line.startsWith(start));
    await this.#until(
      () => find() >= 0,
      timeoutMs,
      () => `"${start}" in the log`,
    );
    return find();
  }

  async heardCount(count: number, timeoutMs = 20_000): Promise<{ from: string; text: string }[]> {
    await this.#until(
      () => this.heard.length >= count,
      timeoutMs,
      () => `${count} messages`,
    );
    return this.heard;
  }

  /** Resolves when the room holds exactly these others (by id), all of them connected. */
  async sees(ids: readonly string[], timeoutMs = 60_000): Promise<void> {
    const wanted = [...ids].sort().join();
    const seen = () =>
      this.peers()
        .filter(({ state }) => state === "connected")
        .map(({ id }) => id)
        .sort()
        .join();
    const total = () => this.#mustRoom().peers.size;
    await this.#until(
      () => total() === ids.length && seen() === wanted,
      timeoutMs,
      () => `exactly ${ids.length} others`,
    );
  }

  peers(): PeerReport[] {
    return [...this.#mustRoom().peers.values()].map(({ id, card, state, path, openMs, rttMs }) => ({
      id,
      name: card.name,
      state,
      path,
      openMs,
      rttMs,
    }));
  }

  async say(to: string, text: string): Promise<void> {
    const peer = [...this.#mustRoom().peers.values()].find(({ id }) => id === to);
    if (peer === undefined) throw new Error(`no peer ${to}`);
    await this.#mustRoom().send(peer, test.say, { text });
  }

  /** Says many things without waiting in between. */
  async sayMany(to: string, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.say(to, String(i))));
  }

  /** Sends the numbers below `count`, from 0 or another on, as fast as `send` lets it. */
  async flood(to: string, count: number, first = 0): Promise<void> {
    const room = this.#mustRoom();
    const peer = room.peers.get(to as PeerId);
    if (peer === undefined) throw new Error(`no peer ${to}`);
    for (let number = first; number < count; number++) await room.send(peer, test.number, number);
  }

  /** Sends numbers, from 0 on, until {@link stopFlow}; gives how many they were. Not so fast that nothing else gets its turn. */
  async flow(to: string): Promise<number> {
    const room = this.#mustRoom();
    let number = 0;
    this.#flows = true;
    while (this.#flows) {
      for (const end = number + 20; number < end; number++) await room.send(to as PeerId, test.number, number);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return number;
  }

  stopFlow(): void {
    this.#flows = false;
  }

  /** Resolves when so many numbers came; gives those that came where another was due. */
  async counted(count: number, timeoutMs = 100_000): Promise<readonly number[]> {
    await this.#until(
      () => this.#due >= count || this.#wrong.length > 0,
      timeoutMs,
      () => `${count} numbers, not ${this.#due}`,
    );
    return this.#wrong;
  }

  /** Sends so many points, in lane lossy, without waiting for anything; they count up over all calls. */
  async point(to: string, count: number): Promise<void> {
    const room = this.#mustRoom();
    await Promise.all(Array.from({ length: count }, () => room.send(to as PeerId, test.point, this.#pointsSent++)));
  }

  /** Resolves when so many points came, at least; gives all that did. */
  async pointed(count: number, timeoutMs = 20_000): Promise<readonly number[]> {
    await this.#until(
      () => this.#points.length >= count,
      timeoutMs,
      () => `${count} points, not ${this.#points.length}`,
    );
    return this.#points;
  }

  /** How many frames went over channels for the lossy lane. */
  lossyFrames(): number {
    return this.#lossyFrames;
  }

  /** Closes the engine's connections under the client's feet: what is under way on them is lost. */
  cut(): number {
    const cut = [...this.#connections];
    for (const connection of cut) connection.close();
    return cut.length;
  }

  /** From now on no candidate reaches a connection made here: attempts stay in checking, or in new, as behind a firewall. */
  block(isUp: boolean): void {
    this.#firewall.isUp = isUp;
  }

  /** The platform says that the network is another one. */
  changeNetwork(): void {
    if (inPage) globalThis.dispatchEvent(new Event("online"));
    else this.#network.change();
  }

  /** Resolves when descriptions have been in place so often. */
  async settledTimes(count: number, timeoutMs = 20_000): Promise<void> {
    await this.#until(
      () => this.lines("settled").length >= count,
      timeoutMs,
      () => `${count} settled descriptions`,
    );
  }

  /** All lines of the log that begin so. */
  lines(start: string): string[] {
    return this.log.filter((line) => line.startsWith(start));
  }

  async echo(to: string, value: unknown): Promise<unknown> {
    const peer = [...this.#mustRoom().peers.values()].find(({ id }) => id === to);
    if (peer === undefined) throw new Error(`no peer ${to}`);
    return this.#mustRoom().request(peer, test.echo, value);
  }

  /** Asks for what never comes, gives up, and tells the error's code. */
  async giveUp(to: string, timeoutMs: number): Promise<string> {
    const peer = [...this.#mustRoom().peers.values()].find(({ id }) => id === to);
    if (peer === undefined) throw new Error(`no peer ${to}`);
    return this.#mustRoom()
      .request(peer, test.slow, null, { timeoutMs })
      .then(
        () => "answered",
        (error) => error.code as string,
      );
  }

  stats() {
    return this.#mustRoom().stats();
  }

  /** What the room tells of itself once it knows all of its links. */
  linkedStats(): Promise<RoomStats> {
    const room = this.#mustRoom();
    return new Promise((resolve) => {
      const stop = room.on("stats", (stats) => {
        const isKnown = ({ path, candidates }: RoomStats["perPeer"][number]) =>
          path === "relay" || candidates !== undefined;
        if (!stats.perPeer.every(isKnown)) return;
        stop();
        resolve(stats);
      });
    });
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
  }

  async streamEcho(to: string, bytes: number): Promise<Got> {
    return this.#mustStreams().echo(to, bytes);
  }

  async streamFill(to: string, bytes: number): Promise<void> {
    return this.#mustStreams().fill(to, bytes);
  }

  streamFilled(): number {
    return this.#mustStreams().filled();
  }

  async streamFillEnd(): Promise<string> {
    return this.#mustStreams().fillEnd();
  }

  async streamReadHeld(): Promise<Got> {
    return this.#mustStreams().readHeld();
  }

  async streamWriteUntilRefused(to: string, name: string): Promise<string> {
    return this.#mustStreams().writeUntilRefused(to, name);
  }

  /** Writes down with which TURN user names connections are made, and restarted. */
  #bound({ RTCPeerConnection }: Engine, { turnOnly }: AgentOptions): Constructor {
    if (!turnOnly) return RTCPeerConnection;
    const bind = (configuration: RTCConfiguration = {}): RTCConfiguration => {
      for (const { username } of configuration.iceServers ?? []) {
        if (username !== undefined) this.#write(`turn ${decodeURIComponent(username)}`);
      }
      return { ...configuration, iceTransportPolicy: "relay" };
    };
    return class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(bind(configuration));
      }

      override setConfiguration(configuration?: RTCConfiguration): void {
        super.setConfiguration(bind(configuration));
      }
    };
  }

  #mustStreams(): TestStreams {
    if (this.#streams === undefined) throw new Error("join first");
    return this.#streams;
  }

  /** Writes down each time that both descriptions are in place: which connection, and its ICE user fragment. */
  #watch(connection: RTCPeerConnection): void {
    const number = ++this.#made;
    connection.addEventListener("signalingstatechange", () => {
      if (connection.signalingState !== "stable") return;
      const fragment = /^a=ice-ufrag:(\S+)/m.exec(connection.localDescription?.sdp ?? "")?.[1];
      this.#write(`settled ${number} ${fragment}`);
    });
  }

  #mustRoom(): Room {
    if (this.#room === undefined) throw new Error("join first");
    return this.#room;
  }

  #count(number: number): void {
    if (number === this.#due) this.#due++;
    else this.#wrong.push(number);
  }

  #write(line: string): void {
    this.#note(() => this.log.push(line));
  }

  #note(change: () => void): void {
    change();
    for (const wake of [...this.#wakers]) wake();
  }

  /** Looks again after each event: no clock but the deadline. */
  #until(done: () => boolean, timeoutMs: number, what: () => string): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#wakers.delete(look);
      };
      const look = () => {
        if (!done()) return;
        stop();
        resolve();
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`waited ${timeoutMs} ms for ${what()}; the log says:\n  ${this.log.join("\n  ")}`));
      }, timeoutMs);
      this.#wakers.add(look);
    });
  }
}

type Constructor = new (configuration?: RTCConfiguration) => RTCPeerConnection;

interface Firewall {
  isUp: boolean;
}

/** The same engine; while the firewall is up, its connections learn of no way to the other side. */
function firewalled(RTCPeerConnection: Constructor, firewall: Firewall): Constructor {
  return class extends RTCPeerConnection {
    override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
      return firewall.isUp ? Promise.resolve() : super.addIceCandidate(candidate);
    }

    override setRemoteDescription({ type, sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
      const passed = firewall.isUp ? sdp.replace(/^a=candidate:.*\r\n/gm, "") : sdp;
      return super.setRemoteDescription({ type, sdp: passed });
    }
  };
}

const inPage = "document" in globalThis;

class ToldNetwork implements NetworkWatch {
  readonly isOnline = true;
  readonly #listeners = new Set<(reason: string) => void>();

  watch(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(): void {
    for (const listener of this.#listeners) listener("the test says so");
  }
}

/** The same engine, whose open connections are in a set, and which tells of each, and of frames for the lossy lane. */
function remembering(
  RTCPeerConnection: Constructor,
  open: Set<RTCPeerConnection>,
  { made, sentLossy }: { made(connection: RTCPeerConnection): void; sentLossy(): void },
): Constructor {
  return class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      open.add(this);
      made(this);
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options);
      if (label !== "skein-lossy") return channel;
      const send = channel.send.bind(channel) as (frame: unknown) => void;
      return Object.assign(channel, {
        send(frame: unknown) {
          sentLossy();
          send(frame);
        },
      });
    }

    override close(): void {
      open.delete(this);
      super.close();
    }
  };
}
