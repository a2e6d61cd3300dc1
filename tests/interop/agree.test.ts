import { createServer, type SkeinServer } from "@skein/server";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AgreeingProcess as Agent } from "./support/agreeing-process.ts";

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
