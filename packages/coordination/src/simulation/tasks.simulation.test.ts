import { SkeinError } from "@skein/protocol";
import { expect, it } from "vitest";
import { createPresence } from "../presence/presence.js";
import { rememberMs } from "../tasks/core/outcome-memory.js";
import { tasksProtocol } from "../tasks/protocol.js";
import { createTasks } from "../tasks/tasks.js";
import { MemoryNetwork } from "./memory-network.test-support.js";
import type { Random } from "./random.test-support.js";
import { seeds, seedsTimeoutMs } from "./seeds.test-support.js";
import { VirtualClock } from "./virtual-clock.test-support.js";

/** A task that was given away, and what was reported of it. */
interface Given {
  readonly input: number;
  readonly attempts: number;
  readonly untilMs: number;
  readonly reports: ("done" | string)[];
  output?: unknown;
}

const liarNumber = 5;
const memberNumbers = [1, 2, 3, 4];

/** Members that give each other tasks while links are cut, processes crash, functions hang, and one peer lies. */
class TasksWorld {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly #random: Random;
  readonly #members = new Map<number, ReturnType<TasksWorld["join"]>>();
  /** How often a function ran under each key, and for how many keys of each input. */
  readonly runs = new Map<string, number>();
  readonly keysOf = new Map<number, Set<string>>();
  readonly given: Given[] = [];
  readonly settled = new Map<string, number>();
  #inputs = 0;

  constructor(seed: number) {
    this.network = new MemoryNetwork(this.clock, seed);
    this.#random = this.network.random;
    const slowest = this.#random.pick([1, 50, 400]);
    this.network.delayMs = (random) => random.below(slowest);
    this.network.noticeMs = (random) => random.below(3_000);
    for (const number of [...memberNumbers, liarNumber]) this.#members.set(number, this.join(number));
  }

  join(number: number) {
    const node = this.network.join(number);
    const { clock } = this;
    const presence = createPresence(node, { clock });
    const tasks = createTasks(node, { presence, clock, random: (length) => this.#random.bytes(length) });
    tasks.on("settled", ({ task }) => this.settled.set(task, (this.settled.get(task) ?? 0) + 1));
    const concurrency = 1 + this.#random.below(3);
    tasks.handle("work", { concurrency }, async (input, { key, signal, progress }) => {
      // Within one process a key is run once; another process of the same identity must not run it either.
      const ran = `${number} ${key}`;
      this.runs.set(ran, (this.runs.get(ran) ?? 0) + 1);
      this.keysOf.set(input as number, (this.keysOf.get(input as number) ?? new Set()).add(ran));
      progress("begun");
      const what = this.#random.unit();
      if (what < 0.1) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      await new Promise<void>((resolve) => clock.after(this.#random.below(4_000), resolve));
      if (what > 0.9) throw new Error("It failed.");
      return number === liarNumber ? "a lie" : (input as number) * 2;
    });
    return { node, tasks, presence };
  }

  async step(): Promise<void> {
    const random = this.#random;
    const [number, other] = [random.pick(memberNumbers), random.pick([...memberNumbers, liarNumber])];
    const what = random.unit();
    if (what < 0.45) this.#give(number);
    else if (what < 0.65) this.network.cut(this.network.idOf(number), this.network.idOf(other));
    else if (what < 0.85 && number !== other) this.network.connect(this.network.idOf(number), this.network.idOf(other));
    else if (what < 0.9) this.#crash(number);
    else await this.#lie(number);
    await this.clock.pass(random.below(1_500));
  }

  #give(number: number): void {
    const random = this.#random;
    const attempts = 1 + random.below(4);
    const timeoutMs = 1_000 + random.below(30_000);
    const controller = new AbortController();
    const input = this.#inputs++;
    const given: Given = { input, attempts, untilMs: this.clock.nowMs() + timeoutMs, reports: [] };
    const owner = this.#members.get(number);
    this.given.push(given);
    if (random.chance(0.1)) this.clock.after(random.below(3_000), () => controller.abort());
    const output = (value: unknown) => {
      if (typeof value !== "number") throw new Error("not a number");
      return value;
    };
    owner?.tasks.delegate({ name: "work", input, output, attempts, timeoutMs, signal: controller.signal }).then(
      (value) => {
        given.output = value;
        given.reports.push("done");
      },
      (error) => given.reports.push(SkeinError.is(error) ? error.code : "untyped"),
    );
  }

  /** What a dead process waited for is nobody's any more. */
  #crash(number: number): void {
    const dead = this.#members.get(number);
    this.network.crash(this.network.idOf(number));
    void dead?.tasks.close();
    void dead?.presence.close();
    this.#members.set(number, this.join(number));
    for (const member of memberNumbers)
      if (this.#random.chance(0.3)) this.network.cut(this.network.idOf(number), this.network.idOf(member));
  }

  /** It knows every key there is, and says whatever it likes of them. */
  async #lie(number: number): Promise<void> {
    const liar = this.#members.get(liarNumber)?.node;
    const keys = [...this.runs.keys()].map((ran) => ran.split(/[ /]/));
    if (liar === undefined || keys.length === 0) return;
    const [, , task = "", attempt = "1"] = this.#random.pick(keys);
    const key = { task, attempt: Number(attempt) };
    const to = this.network.idOf(number);
    const lies = [
      () => liar.send(to, tasksProtocol.done, { ...key, output: -1 }),
      () => liar.send(to, tasksProtocol.refused, { ...key, is: "unknown" }),
      () => liar.send(to, tasksProtocol.failed, { ...key, code: "x", message: "y" }),
      () => liar.send(to, tasksProtocol.cancel, key),
      () => liar.send(to, tasksProtocol.part, { ...key, index: 0, value: 1 }),
      () => liar.send(to, tasksProtocol.run, { ...key, name: "work", input: -1, again: { parts: 0 } }),
    ];
    await this.#random
      .pick(lies)()
      .catch(() => {});
  }

  /** Everyone comes to rest. */
  async end(): Promise<void> {
    await this.clock.pass(40_000 + rememberMs);
  }

  async close(): Promise<number> {
    for (const { tasks, presence } of this.#members.values()) {
      await tasks.close();
      await presence.close();
    }
    await this.clock.pass(10_000);
    return this.clock.armed;
  }

  /** What is still under way. A liar's function may hang: it told that it was done. */
  get running(): number {
    const honest = [...this.#members].filter(([number]) => number !== liarNumber);
    return honest.reduce((sum, [, { tasks }]) => sum + tasks.running + tasks.open.length, 0);
  }
}

it("tasks keep their promises, whatever happens to links and processes, and whoever lies", {
  timeout: seedsTimeoutMs,
}, async () => {
  for (const seed of seeds(150)) {
    const world = new TasksWorld(seed);
    for (let step = 0; step < 40; step++) await world.step();
    await world.end();
    const where = `seed ${seed}`;
    for (const times of world.runs.values()) expect(times, where).toBe(1);
    for (const times of world.settled.values()) expect(times, where).toBe(1);
    for (const given of world.given) {
      expect(given.reports, where).toHaveLength(1);
      expect(given.reports, where).not.toContain("untyped");
      // A worker is believed about what it was given itself, and about nothing else.
      const keys = [...(world.keysOf.get(given.input) ?? [])];
      const wasWithLiar = keys.some((ran) => ran.startsWith(`${liarNumber} `));
      const outputs = wasWithLiar ? [given.input * 2, -1] : [given.input * 2];
      if (given.reports[0] === "done") expect(outputs, where).toContain(given.output);
      expect(world.keysOf.get(given.input)?.size ?? 0, where).toBeLessThanOrEqual(given.attempts);
    }
    expect(world.running, where).toBe(0);
    expect(await world.close(), where).toBe(0);
  }
});
