import { createHash } from "node:crypto";
import type { Room } from "@skein/client";
import {
  type ArtifactStore,
  type Artifacts,
  artifactsProtocol,
  chunkBytes,
  createArtifacts,
  createMemoryStore,
  createPresence,
  createTasks,
  presenceProtocol,
  type Sha256,
  type Tasks,
  tasksProtocol,
} from "@skein/coordination";
import { SkeinError } from "@skein/protocol";
import type { SeededRandom } from "../core/seeded-random.js";
import type { SimAgent } from "../world/sim-agent.js";
import { createWorld, type World } from "../world/world.js";
import { Liar } from "./liar.test-support.js";

const liarName = "eve";
const names = ["ann", "ben", "cal", liarName];
const protocols = [presenceProtocol, tasksProtocol, artifactsProtocol];
const content = new Uint8Array(chunkBytes + 9).map((_, index) => index % 251);
const sha256: Sha256 = async (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** What runs in one process. */
interface Program {
  readonly name: string;
  readonly tasks: Tasks;
  readonly artifacts: Promise<Artifacts>;
}

interface Given {
  readonly by: Program;
  readonly input: number;
  readonly attempts: number;
  readonly reports: string[];
}

/** Members of one room over the shipping client and server, who give each other tasks and artifacts while they are cut off, stand still, and crash. One lies. */
export class TogetherRun {
  readonly world: World;
  readonly #random: SeededRandom;
  readonly #liar: Liar;
  readonly #programs = new Map<string, Program>();
  /** How often a function ran under each key, and for how many keys of each input. */
  readonly #runs = new Map<string, number>();
  readonly #keysOf = new Map<number, Set<string>>();
  readonly #given: Given[] = [];
  /** Fetches that aren't over, by the program that waits. */
  readonly #fetching = new Map<Program, number>();
  readonly #stores = new Map<string, ArtifactStore>();
  readonly #paused = new Set<SimAgent>();
  readonly #ends: { readonly atMs: number; readonly end: () => void }[] = [];
  /** What shouldn't have been. */
  readonly #faults: string[] = [];
  /** How many tasks were done, and how many artifacts fetched. */
  done = 0;
  fetched = 0;

  constructor(seed: number) {
    this.world = createWorld({ seed });
    this.#random = this.world.random("together");
    this.#liar = new Liar(this.#random);
    for (const name of names) {
      const store = createMemoryStore();
      this.#stores.set(name, name === liarName ? this.#liar.storeOver(store) : store);
    }
  }

  async begin(): Promise<void> {
    const { world } = this;
    const slow = this.#random.pick(names);
    for (const name of names) {
      const quality = name === slow ? { quality: { latencyMs: 300 } } : {};
      world.addAgent(name, { ...quality, protocols, program: (room, agent) => this.#start(room, agent) });
    }
    await world.until(Promise.all(world.agents.map((agent) => agent.join())));
    await world.linked(...world.agents);
  }

  async chaos(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.#step();
      this.#relax();
    }
  }

  /** All is well again, for as long as anything may wait. */
  async quiet(): Promise<void> {
    for (const { end } of this.#ends) end();
    this.world.heal();
    for (const agent of this.#paused) agent.resume();
    await this.world.advance(80_000);
  }

  /** What was promised and isn't so. */
  async problems(): Promise<readonly string[]> {
    const alive = new Set(this.#programs.values());
    for (const [ran, times] of this.#runs) if (times !== 1) this.#faults.push(`${ran} ran ${times} times`);
    for (const given of this.#given) this.#judge(given, alive.has(given.by));
    for (const program of alive) if (program.name !== liarName) await this.#judgeProgram(program);
    return this.#faults;
  }

  async close(): Promise<void> {
    for (const { tasks, artifacts } of this.#programs.values()) {
      await tasks.close();
      await (await artifacts).close();
    }
    await this.world.close();
  }

  #judge({ input, attempts, reports }: Given, isHeard: boolean): void {
    // Of what a dead process gave away nobody hears.
    const right = isHeard ? reports.length === 1 : reports.length <= 1;
    if (!right) this.#faults.push(`task ${input} was reported ${reports.length} times`);
    if (reports.includes("untyped")) this.#faults.push(`task ${input} failed without a code`);
    const keys = [...(this.#keysOf.get(input) ?? [])];
    const wasWithLiar = keys.some((ran) => ran.startsWith(`${liarName} `));
    // A worker is believed about what it was given itself, and about nothing else.
    if (reports.includes("wrong") && !wasWithLiar) this.#faults.push(`task ${input} has another's output`);
    if (keys.length > attempts) this.#faults.push(`task ${input} ran ${keys.length} times of ${attempts}`);
  }

  async #judgeProgram(program: Program): Promise<void> {
    const { name, tasks } = program;
    const waiting = this.#fetching.get(program) ?? 0;
    if (waiting > 0) this.#faults.push(`${name} still fetches`);
    if (tasks.open.length > 0) this.#faults.push(`${name} still waits for ${tasks.open.length} tasks`);
    if (tasks.running > 0) this.#faults.push(`${tasks.running} functions of ${name} still run`);
    const artifacts = await program.artifacts;
    for (const { id } of artifacts.list()) {
      if (Buffer.compare(await artifacts.bytes(id), content) !== 0) this.#faults.push(`${name} keeps other bytes`);
    }
  }

  #start(room: Room, agent: SimAgent): void {
    const { clock, name } = agent;
    const random = this.world.random(`${name} ${this.world.nowMs}`);
    const bytes = (length: number) => random.bytes(length);
    const presence = createPresence(room, { clock });
    const tasks = createTasks(room, { presence, clock, random: bytes });
    tasks.handle("double", { concurrency: 2 }, async (input, { key }) => {
      this.#noteRun(name, key, input as number);
      await new Promise<void>((resolve) => clock.after(random.below(5_000), resolve));
      if (random.chance(0.1)) throw new Error("It failed.");
      return name === liarName ? -1 : (input as number) * 2;
    });
    const store = this.#stores.get(name) ?? createMemoryStore();
    const artifacts = createArtifacts(room, { store, clock, sha256, random: bytes });
    void artifacts.then((made) => made.on("fetched", ({ counts }) => this.#noteFetched(counts)));
    void artifacts.then((made) => made.on("holder-dropped", ({ holder, reason }) => this.#noteDropped(holder, reason)));
    if (name === liarName) this.#liar.enter(room);
    this.#programs.set(name, { name, tasks, artifacts });
  }

  #noteRun(name: string, key: string, input: number): void {
    const ran = `${name} ${key}`;
    this.#runs.set(ran, (this.#runs.get(ran) ?? 0) + 1);
    const keys = this.#keysOf.get(input) ?? new Set<string>();
    this.#keysOf.set(input, keys.add(ran));
  }

  #noteFetched({ asked, again, overtaken }: { asked: number; again: number; overtaken: number }): void {
    this.fetched++;
    if (asked > 2 + again + overtaken) this.#faults.push("a chunk was asked for twice without a reason");
  }

  #noteDropped(holder: string, reason: string): void {
    const liar = this.world.agents.find(({ name }) => name === liarName)?.id;
    if (reason === "lied" && holder !== liar) this.#faults.push("somebody was called a liar who isn't");
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const { world } = this;
    const agent = random.pick(world.agents);
    const what = random.unit();
    if (what < 0.4) this.#give(agent);
    else if (what < 0.55) await this.#share(agent);
    else if (what < 0.65) this.#isolate(agent);
    else if (what < 0.75) this.#pause(agent);
    else if (what < 0.85) await this.#restart(agent);
    else this.#liar.lie(agent.id, [...this.#runs.keys()]);
    await world.advance(random.below(4_000));
  }

  #give(agent: SimAgent): void {
    const by = this.#programs.get(agent.name);
    if (by === undefined || agent.phase !== "running") return;
    const given: Given = { by, input: this.#given.length, attempts: 1 + this.#random.below(3), reports: [] };
    this.#given.push(given);
    const { input, attempts } = given;
    const timeoutMs = 5_000 + this.#random.below(30_000);
    by.tasks.delegate({ name: "double", input, attempts, timeoutMs }).then(
      (output) => {
        this.done++;
        given.reports.push(output === input * 2 ? "done" : "wrong");
      },
      (error) => given.reports.push(SkeinError.is(error) ? error.code : "untyped"),
    );
  }

  async #share(agent: SimAgent): Promise<void> {
    const by = this.#programs.get(agent.name);
    if (by === undefined || agent.phase !== "running") return;
    const artifacts = await this.world.until(by.artifacts);
    const [found] = artifacts.find();
    if (found === undefined || artifacts.list().length > 0) {
      await this.world.until(artifacts.put(content));
      return;
    }
    const count = (by1: number) => this.#fetching.set(by, (this.#fetching.get(by) ?? 0) + by1);
    count(1);
    artifacts.fetch(found.id, { nobodyMs: 10_000 }).then(
      () => count(-1),
      (error) => {
        count(-1);
        if (!SkeinError.is(error)) this.#faults.push(`a fetch failed without a code: ${error}`);
      },
    );
  }

  #isolate(agent: SimAgent): void {
    const end = this.world.isolate(agent);
    this.#ends.push({ atMs: this.world.nowMs + this.#random.pick([2_000, 20_000]), end });
  }

  #pause(agent: SimAgent): void {
    if (agent.phase !== "running") return;
    agent.pause();
    this.#paused.add(agent);
  }

  async #restart(agent: SimAgent): Promise<void> {
    if (agent.phase !== "running" || !agent.isIn) return;
    this.#programs.delete(agent.name);
    agent.crash();
    await this.world.advance(this.#random.below(2_000));
    this.world.heal();
    await this.world.until(agent.restart());
  }

  /** Ends what has lasted for long enough. */
  #relax(): void {
    for (const one of this.#ends.splice(0)) {
      if (one.atMs <= this.world.nowMs) one.end();
      else this.#ends.push(one);
    }
    for (const agent of this.#paused) if (this.#random.chance(0.5) && this.#paused.delete(agent)) agent.resume();
  }
}
