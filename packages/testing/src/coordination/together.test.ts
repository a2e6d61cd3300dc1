import type { Room } from "@skein/client";
import {
  type Artifacts,
  artifactsProtocol,
  chunkBytes,
  createArtifacts,
  createMemoryStore,
  createPresence,
  createTasks,
  portableSha256,
  presenceProtocol,
  type Tasks,
  tasksProtocol,
} from "@skein/coordination";
import { SkeinError } from "@skein/protocol";
import { expect, it } from "vitest";
import type { SeededRandom } from "../core/seeded-random.js";
import type { SimAgent } from "../world/sim-agent.js";
import { createWorld, type World } from "../world/world.js";

// Presence, tasks and artifacts over the shipping client and server. `SKEIN_SEED` and `SKEIN_SEEDS` choose other seeds, and more of them.
const firstSeed = Number(process.env.SKEIN_SEED ?? 1);
const seedCount = Number(process.env.SKEIN_SEEDS ?? 10);
const names = ["ann", "ben", "cal", "dee"];

/** What runs in one process. */
interface Program {
  readonly tasks: Tasks;
  readonly artifacts: Promise<Artifacts>;
}

interface Given {
  readonly by: Program;
  readonly input: number;
  readonly attempts: number;
  readonly reports: string[];
}

const content = new Uint8Array(2 * chunkBytes + 9).map((_, index) => index % 251);

class Group {
  readonly world: World;
  readonly random: SeededRandom;
  readonly programs = new Map<string, Program>();
  readonly runs = new Map<string, number>();
  readonly keysOf = new Map<number, Set<string>>();
  readonly given: Given[] = [];
  /** Fetches that aren't over, by the program that waits. */
  readonly fetching = new Map<Program, number>();
  readonly #stores = new Map(names.map((name) => [name, createMemoryStore()]));
  readonly #paused = new Set<SimAgent>();
  #inputs = 0;

  constructor(seed: number) {
    this.world = createWorld({ seed });
    this.random = this.world.random("group");
  }

  async gather(): Promise<void> {
    const protocols = [presenceProtocol, tasksProtocol, artifactsProtocol];
    await this.world.joinAll(names, { protocols, program: (room, agent) => this.#run(room, agent) });
  }

  #run(room: Room, agent: SimAgent): void {
    const { clock } = agent;
    const random = this.world.random(`${agent.name} ${this.world.nowMs}`);
    const presence = createPresence(room, { clock });
    const tasks = createTasks(room, { presence, clock, random: (length) => random.bytes(length) });
    tasks.handle("double", { concurrency: 2 }, async (input, { key }) => {
      const ran = `${agent.name} ${key}`;
      this.runs.set(ran, (this.runs.get(ran) ?? 0) + 1);
      const keys = this.keysOf.get(input as number) ?? new Set<string>();
      this.keysOf.set(input as number, keys.add(ran));
      await new Promise<void>((resolve) => clock.after(random.below(5_000), resolve));
      if (random.chance(0.1)) throw new Error("It failed.");
      return (input as number) * 2;
    });
    const store = this.#stores.get(agent.name) ?? createMemoryStore();
    const artifacts = createArtifacts(room, {
      store,
      clock,
      sha256: portableSha256,
      random: (length) => random.bytes(length),
    });
    this.programs.set(agent.name, { tasks, artifacts });
  }

  async step(): Promise<void> {
    const { random, world } = this;
    const agent = random.pick(world.agents);
    const what = random.unit();
    if (what < 0.4) this.#give(agent);
    else if (what < 0.55) await this.#share(agent);
    else if (what < 0.7) this.#isolate(agent);
    else if (what < 0.8) this.#pause(agent);
    else if (what < 0.9 && agent.phase === "running" && agent.isIn) await this.#restart(agent);
    await world.advance(random.below(4_000));
  }

  #give(agent: SimAgent): void {
    const by = this.programs.get(agent.name);
    if (by === undefined || agent.phase !== "running") return;
    const attempts = 1 + this.random.below(3);
    const given: Given = { by, input: this.#inputs++, attempts, reports: [] };
    this.given.push(given);
    const options = { name: "double", input: given.input, attempts, timeoutMs: 5_000 + this.random.below(30_000) };
    by.tasks.delegate(options).then(
      (output) => given.reports.push(output === given.input * 2 ? "done" : "wrong"),
      (error) => given.reports.push(SkeinError.is(error) ? error.code : "untyped"),
    );
  }

  async #share(agent: SimAgent): Promise<void> {
    const by = this.programs.get(agent.name);
    if (by === undefined || agent.phase !== "running") return;
    const artifacts = await this.world.until(by.artifacts);
    const [found] = artifacts.find();
    if (found === undefined || artifacts.list().length > 0)
      return void (await this.world.until(artifacts.put(content)));
    this.fetching.set(by, (this.fetching.get(by) ?? 0) + 1);
    const end = () => this.fetching.set(by, (this.fetching.get(by) ?? 0) - 1);
    artifacts.fetch(found.id, { nobodyMs: 10_000 }).then(end, end);
  }

  #isolate(agent: SimAgent): void {
    const end = this.world.isolate(agent);
    const agents = this.random.pick([2_000, 20_000]);
    this.#later(agents, end);
  }

  #pause(agent: SimAgent): void {
    if (agent.phase !== "running") return;
    agent.pause();
    this.#paused.add(agent);
  }

  async #restart(agent: SimAgent): Promise<void> {
    this.programs.delete(agent.name);
    agent.crash();
    await this.world.advance(this.random.below(2_000));
    this.world.heal();
    await this.world.until(agent.restart());
  }

  readonly #ends: { readonly atMs: number; readonly end: () => void }[] = [];

  #later(ms: number, end: () => void): void {
    this.#ends.push({ atMs: this.world.nowMs + ms, end });
  }

  /** Ends what has lasted for long enough. */
  relax(): void {
    for (const one of this.#ends.splice(0)) {
      if (one.atMs <= this.world.nowMs) one.end();
      else this.#ends.push(one);
    }
    for (const agent of this.#paused) if (this.random.chance(0.5) && this.#paused.delete(agent)) agent.resume();
  }

  async end(): Promise<void> {
    for (const { end } of this.#ends) end();
    this.world.heal();
    for (const agent of this.#paused) agent.resume();
    await this.world.advance(120_000);
  }
}

it("presence, tasks and artifacts keep their promises over the shipping client", { timeout: 3_600_000 }, async () => {
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const where = `seed ${seed}`;
    const group = new Group(seed);
    await group.gather();
    for (let step = 0; step < 25; step++) {
      await group.step();
      group.relax();
    }
    await group.end();
    const alive = new Set(group.programs.values());
    for (const times of group.runs.values()) expect(times, where).toBe(1);
    for (const { by, input, attempts, reports } of group.given) {
      // Of what a dead process gave away nobody hears.
      expect(reports.length, where).toBeLessThanOrEqual(1);
      if (alive.has(by)) expect(reports, where).toHaveLength(1);
      expect(reports, where).not.toContain("wrong");
      expect(reports, where).not.toContain("untyped");
      expect(group.keysOf.get(input)?.size ?? 0, where).toBeLessThanOrEqual(attempts);
    }
    for (const program of alive) {
      expect(group.fetching.get(program) ?? 0, where).toBe(0);
      expect([program.tasks.open, program.tasks.running], where).toEqual([[], 0]);
      const artifacts = await program.artifacts;
      for (const { id } of artifacts.list()) expect(Buffer.compare(await artifacts.bytes(id), content), where).toBe(0);
      await program.tasks.close();
      await artifacts.close();
    }
    await group.world.close();
  }
});
