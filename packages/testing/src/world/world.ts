import type { RoomServerOptions } from "@skein/server";
import type { Nat, NatKind } from "../core/nat.js";
import { SeededRandom } from "../core/seeded-random.js";
import { Timeline } from "../core/timeline.js";
import { Trace } from "../core/trace.js";
import { WireMonitor } from "../core/wire-monitor.js";
import type { Host } from "../network/host.js";
import { Network } from "../network/network.js";
import type { LinkQuality } from "../network/quality.js";
import { IceServer } from "../rtc/ice-server.js";
import { SimServer } from "../server/sim-server.js";
import { WorldFailure } from "./failure.js";
import { type AgentOptions, SimAgent } from "./sim-agent.js";

/** What {@link createWorld} is given: its seed, its network, its server. */
export interface WorldOptions {
  /** Decides all that is left to chance. Default 1. */
  readonly seed?: number;
  /** Each host's link to the network, unless it says otherwise. */
  readonly quality?: Partial<LinkQuality>;
  /** Whether the server names a TURN server, STUN alone, or none of them. Default `stun`. */
  readonly ice?: "turn" | "stun" | "none";
  /** Options of the server. */
  readonly server?: Omit<RoomServerOptions, "clock" | "random" | "ed25519">;
  /** Gets each line of the trace as it comes. */
  readonly tell?: (line: string) => void;
}

/** Holds at all times, or says what doesn't. */
export type Invariant = () => string | undefined;

/** Who is cut off: agents by themselves, or `server` and `ice`. */
export type Place = SimAgent | "server" | "ice";

/** More than can happen at one time, unless something never lets time go on. */
const stillStepsMost = 100_000;

/** How long {@link World.until} lets a world run before it gives up, in simulated milliseconds. */
const patienceMs = 300_000;

/** Makes a world in which the shipping client, relay and server run over a simulated network, clock and engine. */
export function createWorld(options: WorldOptions = {}): World {
  return new World(options);
}

/** See {@link createWorld}. Time passes only while it is told to: in `advance`, `until`, `join`, `linked` and `close`. */
export class World implements AsyncDisposable {
  readonly seed: number;
  readonly server: SimServer;
  readonly ice: IceServer;
  /** Those that were added, which know nothing of {@link World.server} nor of each other. */
  readonly moreServers: SimServer[] = [];
  readonly agents: SimAgent[] = [];
  readonly network: Network;
  readonly #options: WorldOptions;
  readonly #serverOptions: RoomServerOptions;
  readonly #timeline = new Timeline();
  readonly #trace = new Trace();
  readonly #monitor = new WireMonitor();
  readonly #invariants: { readonly name: string; readonly holds: Invariant }[] = [];
  #steps = 0;
  /** Of these, how many at the time that it is now. */
  #stillSteps = 0;
  #failure: { readonly reason: string; readonly cause?: unknown } | undefined;

  /** @internal Use {@link createWorld}. */
  constructor(options: WorldOptions) {
    this.#options = options;
    this.seed = options.seed ?? 1;
    this.network = new Network(this.#timeline, this.#randomOf("network"));
    this.ice = new IceServer(this.network.addHost("ice", this.#quality({})), "simulated", "secret");
    const iceServers = options.ice === "none" ? [] : this.ice.urls(options.ice ?? "stun");
    this.#serverOptions = { iceServers, ...options.server };
    this.server = this.#startServer("server");
  }

  /** Since the world began. */
  get nowMs(): number {
    return this.#timeline.nowMs;
  }

  /** How many things have happened. */
  get steps(): number {
    return this.#steps;
  }

  /** Of all that has happened: the same in each run of the same seed. */
  get digest(): string {
    return this.#trace.digest;
  }

  /** What happened last, oldest first. */
  get trace(): readonly string[] {
    return this.#trace.lines;
  }

  /** A source of randomness of that name: what else is drawn doesn't change it. */
  random(name: string): SeededRandom {
    return this.#randomOf(`test ${name}`);
  }

  /** Adds a line to the trace. */
  note(what: string): void {
    const line = `${(this.nowMs / 1000).toFixed(3)} ${what}`;
    this.#trace.add(line);
    this.#options.tell?.(line);
  }

  /** A NAT for several agents. */
  addNat(kind: Exclude<NatKind, "none">): Nat {
    return this.network.addNat(kind);
  }

  /** Another server with the same options: tell agents of it in their `servers`. */
  addServer(name: string): SimServer {
    const server = this.#startServer(name);
    this.moreServers.push(server);
    return server;
  }

  /** An agent that hasn't joined yet. */
  addAgent(name: string, options: AgentOptions = {}): SimAgent {
    const host = this.network.addHost(name, {
      ...this.#quality(options.quality),
      ...(options.nat && { nat: options.nat }),
    });
    const agent = new SimAgent(
      {
        ...this.#worldOf(name),
        host,
        server: this.server.url,
        iceServers: [],
        tap: (path, frame) => this.#tap(path, frame),
      },
      name,
      options,
    );
    this.agents.push(agent);
    return agent;
  }

  /** An agent, once it is in its room. */
  async join(name: string, options: AgentOptions = {}): Promise<SimAgent> {
    const agent = this.addAgent(name, options);
    await this.until(agent.join());
    return agent;
  }

  /** Several agents of the same kind, once all are in the room, and linked. */
  async joinAll<Name extends string>(names: readonly Name[], options: AgentOptions = {}): Promise<SimAgent[]> {
    const agents = names.map((name) => this.addAgent(name, options));
    await this.until(Promise.all(agents.map((agent) => agent.join())));
    await this.linked(...agents);
    return agents;
  }

  /** Moves time until these agents, or all that are in a room, have links to each other that a path carries. */
  linked(...agents: SimAgent[]): Promise<void> {
    const all = agents.length > 0 ? agents : this.agents.filter(({ isIn }) => isIn);
    const pairs = all.flatMap((a) => all.filter((b) => b !== a).map((b) => [a, b] as const));
    return this.until(() => pairs.every(([a, b]) => isLinked(a, b)));
  }

  /** Holds something to be so after each step from now on; gives what ends that. */
  check(name: string, holds: Invariant): () => void {
    const invariant = { name, holds };
    this.#invariants.push(invariant);
    return () => {
      const at = this.#invariants.indexOf(invariant);
      if (at >= 0) this.#invariants.splice(at, 1);
    };
  }

  /**
   * Cuts these off from those, both ways, for direct paths and for all else; gives what ends that. What passes through a server that
   * both reach isn't cut.
   */
  partition(some: readonly Place[], others: readonly Place[]): () => void {
    const ends = [this.cut(some, others), this.cut(others, some)];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Lets nothing through from some to others, one way; gives what ends that. */
  cut(from: readonly Place[], to: readonly Place[]): () => void {
    this.note(`cut: ${namesOf(from)} to ${namesOf(to)}`);
    return this.network.cut(this.#hostsOf(from), this.#hostsOf(to));
  }

  /** Cuts an agent off from everything. */
  isolate(agent: SimAgent): () => void {
    return this.partition([agent], ["server", "ice", ...this.agents.filter((other) => other !== agent)]);
  }

  /** Ends all cuts. */
  heal(): void {
    this.note("heal");
    this.network.heal();
  }

  /** Lets so much time pass. @throws {WorldFailure} */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    while (await this.#step(untilMs)) {
      // Each step checks what there is to check.
    }
  }

  /**
   * Lets time pass until something is so, or until a promise is settled: gives what it resolves with, or throws what it rejects with.
   * @throws {WorldFailure} where it doesn't come to be within five minutes of simulated time
   */
  async until(what: () => boolean, options?: { withinMs?: number }): Promise<void>;
  async until<Value>(what: Promise<Value>, options?: { withinMs?: number }): Promise<Value>;
  async until<Value>(
    what: (() => boolean) | Promise<Value>,
    { withinMs = patienceMs }: { withinMs?: number } = {},
  ): Promise<Value | undefined> {
    const untilMs = this.nowMs + withinMs;
    let settled: { readonly value: Value } | { readonly error: unknown } | undefined;
    if (typeof what !== "function") {
      what.then(
        (value) => {
          settled = { value };
        },
        (error: unknown) => {
          settled = { error };
        },
      );
    }
    for (;;) {
      await settle();
      if (typeof what === "function" ? what() : settled !== undefined) break;
      if (!(await this.#step(untilMs)))
        throw this.#failureOf(`It never came to be, within ${withinMs / 1000} s: ${what}`);
    }
    if (settled === undefined) return undefined;
    if ("error" in settled) throw settled.error;
    return settled.value;
  }

  /** All agents leave, and the server stops. */
  async close(): Promise<void> {
    this.heal();
    for (const agent of this.agents) if (agent.phase === "paused") agent.resume();
    await this.until(Promise.all(this.agents.filter(({ isIn }) => isIn).map((agent) => agent.leave())));
    await this.until(Promise.all([this.server, ...this.moreServers].map((server) => server.stop())));
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #startServer(name: string): SimServer {
    const host = this.network.addHost(name, this.#quality({}));
    return new SimServer({ ...this.#worldOf(name), host }, this.#serverOptions);
  }

  async #step(untilMs: number): Promise<boolean> {
    const beforeMs = this.nowMs;
    const happened = this.#timeline.step(untilMs);
    await settle();
    if (happened) {
      this.#steps++;
      this.#stillSteps = this.nowMs === beforeMs ? this.#stillSteps + 1 : 0;
      if (this.#stillSteps > stillStepsMost) throw this.#failureOf("Time stands still: a timer rings again and again");
      this.#trace.mix(this.nowMs);
    }
    const failure = this.#failure;
    // Told once: what follows, such as everyone's leaving, may still be wanted.
    this.#failure = undefined;
    if (failure !== undefined) throw this.#failureOf(failure.reason, failure.cause);
    for (const { name, holds } of this.#invariants) {
      const problem = holds();
      if (problem !== undefined) throw this.#failureOf(`${name}: ${problem}`);
    }
    return happened;
  }

  #tap(path: object, frame: Uint8Array): void {
    const problem = this.#monitor.sent(path, frame);
    if (problem !== undefined) this.#failure ??= { reason: `The wire: ${problem}` };
  }

  #worldOf(name: string): {
    timeline: Timeline;
    random: SeededRandom;
    failed: (error: unknown) => void;
    happened: (what: string) => void;
  } {
    return {
      timeline: this.#timeline,
      random: this.#randomOf(`agent ${name}`),
      failed: (cause) => {
        this.#failure ??= { reason: `${name} threw: ${cause instanceof Error ? cause.message : String(cause)}`, cause };
      },
      happened: (what) => this.note(what),
    };
  }

  #quality(own: Partial<LinkQuality> | undefined): { quality: Partial<LinkQuality> } {
    return { quality: { ...this.#options.quality, ...own } };
  }

  #hostsOf(places: readonly Place[]): Host[] {
    return places.map((place) =>
      place === "server" ? this.server.host : place === "ice" ? this.ice.host : place.host,
    );
  }

  #randomOf(name: string): SeededRandom {
    let hash = 0x811c9dc5;
    for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
    return new SeededRandom((this.seed ^ (hash >>> 0)) >>> 0);
  }

  #failureOf(reason: string, cause?: unknown): WorldFailure {
    const { seed, nowMs: atMs, trace } = this;
    return new WorldFailure({ reason, seed, step: this.#steps, atMs, trace, cause });
  }
}

/** Lets all that doesn't take time happen: promises that are kept at once, and what follows from them. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether both have a link to each other that a path carries. */
export function isLinked(a: SimAgent, b: SimAgent): boolean {
  return [[a, b] as const, [b, a] as const].every(([one, other]) => {
    const peer = one.isIn ? one.room.peers.get(other.id) : undefined;
    return peer?.state === "connected" && peer.path !== undefined;
  });
}

function namesOf(places: readonly Place[]): string {
  return places.map((place) => (typeof place === "string" ? place : place.name)).join(", ");
}
