import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createServer, type SkeinServer } from "@skein/server";
import { afterEach, beforeEach, expect, it } from "vitest";

const program = fileURLToPath(new URL("support/agreeing-agent.mjs", import.meta.url));

interface Line {
  readonly leader?: number;
  readonly term?: number;
  readonly linked?: number;
  readonly held?: string;
  readonly end?: string;
  readonly missing?: readonly string[];
}

/** An agent in a process of its own, and what it has said. */
class Agent {
  readonly number: number;
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(server: string, number: number, count: number) {
    this.number = number;
    const score = String(-number);
    this.#child = spawn(process.execPath, [program, server, String(number), String(count), score], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.lines.push(JSON.parse(line) as Line);
      for (const check of [...this.#waiting]) check();
    });
  }

  get leader(): Line | undefined {
    return this.lines.findLast((line) => "leader" in line || "term" in line);
  }

  say(operation: string): void {
    this.#child.stdin?.write(`${operation}\n`);
  }

  until(isSo: (agent: Agent) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isSo(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves at its next line. */
  saysMore(): Promise<void> {
    const said = this.lines.length;
    return this.until(({ lines }) => lines.length > said);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

let server: SkeinServer;
let agents: Agent[] = [];
beforeEach(async () => {
  server = await createServer({ port: 0 });
  agents = [1, 2, 3, 4, 5].map((number) => new Agent(server.url, number, 5));
  await Promise.all(agents.map((agent) => agent.until(({ lines }) => lines.some(({ linked }) => linked === 4))));
  await agreed(agents);
});
afterEach(async () => {
  for (const agent of agents) agent.kill();
  await server.close();
});

/** Whoever was linked first may lead: those that come later don't take over. */
async function agreed(some: readonly Agent[], but?: number): Promise<number> {
  const leaders = () => some.map(({ leader }) => leader?.leader);
  const isSettled = () =>
    leaders().every((leader) => leader !== undefined && leader !== but && leader === leaders()[0]);
  while (!isSettled()) await Promise.race(some.map((agent) => agent.saysMore()));
  return leaders()[0] as number;
}

const without = (...numbers: number[]) => agents.filter(({ number }) => !numbers.includes(number));

it("five processes elect another leader when theirs is killed, in a later term", async () => {
  const first = await agreed(agents);
  const others = without(first);
  const before = others[0]?.leader?.term ?? 0;
  const sinceMs = performance.now();
  agents[first - 1]?.kill();
  await agreed(others, first);
  process.stdout.write(`another leads ${Math.round(performance.now() - sinceMs)} ms after the leader was killed\n`);
  for (const agent of others) expect(agent.leader?.term).toBeGreaterThan(before);
});

it("a vote is decided though one of the five is killed meanwhile", async () => {
  const [proposer, , killed] = agents as [Agent, Agent, Agent];
  proposer.say("vote");
  killed.kill();
  await proposer.until(({ lines }) => lines.some(({ end }) => end !== undefined));
  expect(proposer.lines.findLast(({ end }) => end !== undefined)?.end).toBe("accepted");
});

it("a lock goes to the next when its holder is killed, under a later token", async () => {
  const [holder, next] = without(await agreed(agents)) as [Agent, Agent];
  const held = ({ lines }: Agent) => lines.find((line) => line.held !== undefined)?.held;
  holder.say("lock");
  await holder.until((agent) => held(agent) !== undefined);
  next.say("lock");
  const sinceMs = performance.now();
  holder.kill();
  await next.until((agent) => held(agent) !== undefined);
  process.stdout.write(
    `the next holds the lock ${Math.round(performance.now() - sinceMs)} ms after its holder was killed\n`,
  );
  expect((held(next) ?? "") > (held(holder) ?? "")).toBe(true);
});
