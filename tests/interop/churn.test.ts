import { createIdentity, saveIdentity } from "@skein/client";
import { afterEach, expect, it } from "vitest";
import type { AnyAgent } from "./support/browsers.ts";
import { HostProcess } from "./support/processes.ts";

const hosts: HostProcess[] = [];
function host(): HostProcess {
  const process = new HostProcess();
  hosts.push(process);
  return process;
}
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((process) => process.kill()));
});

const graceMs = 3_000;

it("an agent killed and started again is linked again, under the same identity", async () => {
  const server = await host().serve({ port: 0, graceMs });
  const join = { server, room: "churn", identity: saveIdentity(createIdentity()) };
  const survivor = host().agent();
  await survivor.join({ server, room: "churn", name: "survivor" });
  const doomed = host();
  const id = await doomed.agent().join({ ...join, name: "first life" });
  await survivor.connected(1);
  await survivor.say(id, "still there");

  await doomed.kill();
  expect(
    await host()
      .agent()
      .join({ ...join, name: "second life" }),
  ).toBe(id);
  const place = await survivor.logged("peer-connected second life");
  expect(await survivor.logged("peer-left first life")).toBeLessThan(place);
  expect(await survivor.echo(id, "and again")).toBe("and again");
});

it("an agent killed for good is gone when its grace period ends, not before", async () => {
  const server = await host().serve({ port: 0, graceMs });
  const [a, b] = [host().agent(), host().agent()];
  const ids = [await a.join({ server, room: "churn", name: "a" }), await b.join({ server, room: "churn", name: "b" })];
  const doomed = host();
  await doomed.agent().join({ server, room: "churn", name: "doomed" });
  await Promise.all([a.connected(2), b.connected(2)]);
  await doomed.kill();
  await Promise.all([a.sees([ids[1] as string]), b.sees([ids[0] as string])]);
  await a.logged("peer-left doomed: lost");
});

it("a server killed and started again loses no link, and new peers connect", async () => {
  const first = host();
  const server = await first.serve({ port: 0, graceMs });
  const port = Number(new URL(server).port);
  const [a, b] = [host().agent(), host().agent()];
  const idA = await a.join({ server, room: "churn", name: "a" });
  const idB = await b.join({ server, room: "churn", name: "b" });
  await Promise.all([a.connected(1), b.connected(1)]);

  await first.kill();
  await Promise.all([a.logged("server-disconnected"), b.logged("server-disconnected")]);
  expect(await a.echo(idB, "without a server")).toBe("without a server");

  await host().serve({ port, graceMs });
  const newcomer = host().agent();
  const idC = await newcomer.join({ server, room: "churn", name: "newcomer" });
  await Promise.all([newcomer.sees([idA, idB]), a.sees([idB, idC]), b.sees([idA, idC])]);
  expect(await a.echo(idB, "with the next one")).toBe("with the next one");
  for (const agent of [a, b]) {
    const stats = await agent.stats();
    expect(stats.rejected).toEqual({});
    await expect(agent.logged("peer-disconnected", 0, 1)).rejects.toThrow("waited");
  }
});

it("50 agents join and leave in random order, some by kill -9: in the end everyone sees exactly who is there", async () => {
  const server = await host().serve({ port: 0, graceMs });
  const random = seeded(20261121);
  const processes = Array.from({ length: 5 }, () => host());
  const agents = processes.flatMap((process, p) =>
    Array.from({ length: 10 }, (_, i) => ({ process, agent: process.agent(i), name: `${p}.${i}` })),
  );
  const present = new Map<string, AnyAgent>();
  const ids = new Map<AnyAgent, string>();
  // Joins and leaves mixed: each waits only for itself.
  await Promise.all(
    shuffled(agents, random).map(async ({ agent, name }, order) => {
      const id = await agent.join({ server, room: "crowd", name });
      ids.set(agent, id);
      present.set(id, agent);
      if (order % 3 !== 0) return;
      await agent.connected(1, 60_000);
      await agent.leave();
      present.delete(id);
    }),
  );
  const killed = processes[1] as HostProcess;
  await killed.kill();
  for (const { process, agent } of agents) if (process === killed) present.delete(ids.get(agent) ?? "");

  const others = (id: string) => [...present.keys()].filter((other) => other !== id);
  await Promise.all([...present].map(([id, agent]) => agent.sees(others(id), 90_000)));
  expect(present.size).toBeGreaterThan(20);
});

/** The mulberry32 generator: the same order on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
