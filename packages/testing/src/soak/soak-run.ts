import { isPunchable } from "../core/nat.js";
import type { SimAgent } from "../world/sim-agent.js";
import { isLinked, type Place, World } from "../world/world.js";
import { Actor, type ActorWorld } from "./actor.js";
import { Ledger } from "./core/ledger.js";
import { type Action, type Scenario, scenarioOf } from "./core/scenario.js";
import { soak } from "./protocol.js";

/** What a run came to. */
export interface SoakResult {
  readonly steps: number;
  /** Of simulated time. */
  readonly lengthMs: number;
  readonly digest: string;
}

/** How long everything may take to be well again, once nothing stands in the way. */
const recoveryMs = 240_000;
/** A channel's high-water mark, a frame, and what a last word may add. */
const bufferMostBytes = 1024 * 1024;

/**
 * Plays a scenario, mends the world, and holds it against what is promised.
 * @param options.tell gets each line of the trace as it comes
 * @throws {WorldFailure} with the seed and what happened last
 */
export async function runScenario(
  scenario: Scenario,
  options: { tell?: (line: string) => void } = {},
): Promise<SoakResult> {
  return new SoakRun(scenario, options.tell).run();
}

/** The same for the scenario of a seed. */
export function runSeed(seed: number): Promise<SoakResult> {
  return runScenario(scenarioOf(seed));
}

class SoakRun {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #agents: readonly SimAgent[];
  readonly #actors = new Map<SimAgent, Actor>();
  readonly #actorWorld: ActorWorld;
  readonly #ledger = new Ledger();
  #broken: string | undefined;
  #runs = 0;

  constructor(scenario: Scenario, tell: ((line: string) => void) | undefined) {
    this.#scenario = scenario;
    this.#world = new World({ seed: scenario.seed, ice: scenario.ice, ...(tell && { tell }) });
    this.#actorWorld = {
      world: this.#world,
      ledger: this.#ledger,
      broken: (what) => {
        this.#broken ??= what;
      },
    };
    this.#world.check("What is promised", () => this.#broken);
    this.#world.check("Buffers", () => this.#overfull());
    this.#agents = scenario.players.map(({ name, nat, engine, relay, quality }) =>
      this.#world.addAgent(name, {
        nat,
        engine,
        quality,
        relay: { policy: relay },
        protocols: [soak],
        program: (room, agent) => void this.#actors.set(agent, new Actor(agent, room, ++this.#runs, this.#actorWorld)),
      }),
    );
  }

  async run(): Promise<SoakResult> {
    const world = this.#world;
    await world.until(Promise.all(this.#agents.map((agent) => agent.join())));
    const startMs = world.nowMs;
    for (const { atMs, action } of this.#scenario.happenings) {
      await world.advance(Math.max(0, startMs + atMs - world.nowMs));
      world.note(`— ${JSON.stringify(action)}`);
      this.#perform(action);
    }
    await this.#recover();
    await this.#leave();
    return { steps: world.steps, lengthMs: world.nowMs, digest: world.digest };
  }

  #perform(action: Action): void {
    const agent = "who" in action ? (this.#agents[action.who] as SimAgent) : undefined;
    switch (action.type) {
      case "send":
      case "ask":
      case "stream":
        return this.#talk(action);
      case "cut":
        return this.#cut(action);
      case "server-crash":
        this.#world.server.crash();
        return this.#later(action.forMs, () => this.#world.server.start());
      case "server-stop":
        void this.#world.server.stop();
        return this.#later(action.forMs, () => this.#world.server.start());
      default:
        if (agent !== undefined) this.#befall(agent, action);
    }
  }

  #talk(action: Extract<Action, { type: "send" | "ask" | "stream" }>): void {
    const actor = this.#actorOf(this.#agents[action.from] as SimAgent);
    const to = this.#agents[action.to] as SimAgent;
    if (actor === undefined) return;
    if (action.type === "send") void actor.send(to, action);
    else if (action.type === "ask") void actor.ask(to, action);
    else void actor.stream(to, action.bytes);
  }

  #cut({ from, to, ways, forMs }: Extract<Action, { type: "cut" }>): void {
    const of = (players: readonly number[]): Place[] => players.map((player) => this.#agents[player] as SimAgent);
    const end = ways === "one" ? this.#world.cut(of(from), of(to)) : this.#world.partition(of(from), of(to));
    this.#later(forMs, end);
  }

  #befall(agent: SimAgent, action: Extract<Action, { who: number }>): void {
    switch (action.type) {
      case "crash":
        if (agent.phase !== "running") return;
        agent.crash();
        return this.#later(action.forMs, () => this.#start(agent));
      case "leave":
        if (agent.phase !== "running" || !agent.isIn) return;
        void agent.leave();
        return this.#later(action.forMs, () => this.#start(agent));
      case "sleep":
      case "pause":
        return this.#stop(agent, action);
      case "move":
        return agent.move(action.nat, action.platform);
      case "isolate":
        return this.#later(action.forMs, this.#world.isolate(agent));
      case "no-server":
        return this.#later(action.forMs, this.#world.partition([agent], ["server"]));
      case "slow": {
        const actor = this.#actorOf(agent);
        if (actor === undefined) return;
        actor.handlerMs = action.handlerMs;
        return this.#later(action.forMs, () => {
          actor.handlerMs = 0;
        });
      }
      case "quality": {
        const before = agent.host.quality;
        agent.host.setQuality(action.quality);
        return this.#later(action.forMs, () => agent.host.setQuality(before));
      }
      case "clock":
        return agent.setWall(action.byMs);
      case "update":
        if (agent.isIn && agent.phase === "running") void agent.room.update({ meta: this.#world.steps });
    }
  }

  #stop(agent: SimAgent, action: Extract<Action, { type: "sleep" | "pause" }>): void {
    if (agent.phase !== "running") return;
    if (action.type === "sleep") agent.sleep();
    else agent.pause();
    this.#later(action.forMs, () => {
      if (agent.phase === "paused") agent.resume(action.type === "sleep" ? action.clock : "goes on");
    });
  }

  /** Again in its room, in a fresh process. Where the server is away, it tries until it is back. */
  #start(agent: SimAgent): void {
    if (agent.isIn) return;
    agent.restart().catch(() => this.#later(1_000, () => this.#start(agent)));
  }

  #later(delayMs: number, work: () => void): void {
    this.#world.network.timeline.after(delayMs, work);
  }

  #actorOf(agent: SimAgent): Actor | undefined {
    return agent.isIn && agent.phase === "running" ? this.#actors.get(agent) : undefined;
  }

  /** Nothing stands in the way any more: all must be well within a while. */
  async #recover(): Promise<void> {
    const world = this.#world;
    // What began in the scenario ends by itself; the longest takes 70 s.
    await world.advance(71_000);
    world.heal();
    for (const agent of this.#agents)
      agent.host.setQuality({ latencyMs: 10, jitterMs: 2, loss: 0, bytesPerSecond: Number.POSITIVE_INFINITY });
    await world.until(() => this.#agents.every(({ isIn }) => isIn), { withinMs: recoveryMs });
    await world.until(() => this.#pairs().every(([a, b]) => this.#isWell(a, b)), { withinMs: recoveryMs });
    for (const [a, b] of this.#pairs()) void this.#actors.get(a)?.send(b, { lane: "default", count: 2, bytes: 10 });
    await world
      .until(() => this.#whatIsOpen() === undefined, { withinMs: recoveryMs })
      .catch((error) => {
        this.#broken ??= this.#whatIsOpen();
        throw error;
      });
    const strangers = this.#agents.find(({ room }) => room.peers.size !== this.#agents.length - 1);
    if (strangers !== undefined) this.#broken ??= `${strangers.name} sees ${strangers.room.peers.size} others`;
    await world.advance(1);
  }

  /** Linked, and directly where there is a way. */
  #isWell(a: SimAgent, b: SimAgent): boolean {
    if (!isLinked(a, b)) return false;
    const relayed = [a, b].some((agent) => this.#scenario.players[this.#agents.indexOf(agent)]?.relay === "only");
    const isBlocked = a.nat === "udp-blocked" || b.nat === "udp-blocked";
    const hasWay = this.#scenario.ice === "turn" ? !isBlocked : isPunchable(a.nat, b.nat);
    return relayed || !hasWay || a.room.peers.get(b.id)?.path === "direct";
  }

  /** What hasn't arrived, or hasn't ended. */
  #whatIsOpen(): string | undefined {
    for (const [a, b] of this.#pairs()) {
      const actor = this.#actors.get(a) as Actor;
      const open = this.#ledger.settle(actor.name, b.id, actor.stretchWith(b.id));
      if (open !== undefined) return open;
      if (actor.open > 0) return `${actor.open} requests and streams of ${actor.name} haven't ended`;
    }
    return undefined;
  }

  /** All leave: nothing may be left behind. */
  async #leave(): Promise<void> {
    const world = this.#world;
    await world.until(Promise.all(this.#agents.map((agent) => agent.leave())));
    await world.advance(10_000);
    for (const agent of this.#agents) {
      const left = Object.entries(agent.holdings).filter(([, count]) => count > 0);
      if (left.length > 0)
        this.#broken ??= `${agent.name} has left, and still holds ${left.map(([what, count]) => `${count} ${what}`).join(", ")}`;
    }
    const { connections, peers, rooms } = world.server.stats ?? { connections: 0, peers: 0, rooms: 0 };
    if (connections + peers + rooms > 0)
      this.#broken ??= `the server still holds ${connections} connections, ${peers} peers, ${rooms} rooms`;
    await world.advance(1);
    await world.until(world.server.stop());
  }

  #overfull(): string | undefined {
    const most = Math.max(...this.#agents.map((agent) => (agent.isIn ? agent.bufferedBytes : 0)));
    if (most > bufferMostBytes) return `a channel holds ${most} bytes`;
    const server = this.#world.server.bufferedBytesMost;
    return server > serverBufferMostBytes ? `the server holds ${server} bytes for one client` : undefined;
  }

  #pairs(): (readonly [SimAgent, SimAgent])[] {
    return this.#agents.flatMap((a) => this.#agents.filter((b) => b !== a).map((b) => [a, b] as const));
  }
}

/** What a server may hold for one client, and a packet. */
const serverBufferMostBytes = 4 * 1024 * 1024 + 128 * 1024;
