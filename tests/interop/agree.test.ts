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
  await follow(agents, 1);
});
afterEach(async () => {
  for (const agent of agents) agent.kill();
  await server.close();
});

const at = (number: number): Agent => agents[number - 1] as Agent;
const follow = (some: readonly Agent[], number: number) =>
  Promise.all(some.map((agent) => agent.until(({ leader }) => leader?.leader === number)));

it("five processes elect another leader when theirs is killed, in a later term", async () => {
  const before = at(2).leader?.term ?? 0;
  const sinceMs = performance.now();
  at(1).kill();
  await follow(agents.slice(1), 2);
  process.stdout.write(`another leads ${Math.round(performance.now() - sinceMs)} ms after the leader was killed\n`);
  for (const agent of agents.slice(1)) expect(agent.leader?.term).toBeGreaterThan(before);
});

it("a vote is decided though one of the five is killed meanwhile", async () => {
  at(3).say("vote");
  at(5).kill();
  await at(3).until(({ lines }) => lines.some(({ end }) => end !== undefined));
  expect(at(3).lines.findLast(({ end }) => end !== undefined)?.end).toBe("accepted");
});

it("a lock goes to the next when its holder is killed, under a later token", async () => {
  at(3).say("lock");
  await at(3).until(({ lines }) => lines.some(({ held }) => held !== undefined));
  at(4).say("lock");
  const sinceMs = performance.now();
  at(3).kill();
  await at(4).until(({ lines }) => lines.some(({ held }) => held !== undefined));
  process.stdout.write(
    `the next holds the lock ${Math.round(performance.now() - sinceMs)} ms after its holder was killed\n`,
  );
  const [first, second] = [3, 4].map((number) => at(number).lines.find(({ held }) => held !== undefined)?.held ?? "");
  expect((second ?? "") > (first ?? "")).toBe(true);
});
