import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type EngineName, Engines } from "./support/engines.ts";
import { HostProcess } from "./support/processes.ts";

// Two servers in processes of their own that don't know of each other, and peers that know both.

let engines: Engines;
const servers: { readonly host: HostProcess; readonly url: string }[] = [];

beforeAll(() => {
  engines = new Engines();
});
afterEach(async () => {
  await engines.endAgents();
  await Promise.all(servers.splice(0).map(({ host }) => host.kill()));
});
afterAll(() => engines[Symbol.asyncDispose]());

async function start(): Promise<string> {
  const host = new HostProcess();
  const url = await host.serve({ port: 0 });
  servers.push({ host, url });
  return url;
}

it.each<readonly [EngineName, EngineName]>([
  ["node", "node"],
  ["node", "chromium"],
])(
  "%s and %s go from a server that is killed to the next: no number is lost, and newcomers find them there",
  async (...names) => {
    const list = [await start(), await start()];
    const [a, b] = await Promise.all(names.map((name) => engines.agent(name)));
    if (a === undefined || b === undefined) throw new Error("two engines");
    const join = { server: list, room: "moving" };
    await a.join({ ...join, name: "a" });
    const idB = await b.join({ ...join, name: "b" });
    await Promise.all([a.connected(1), b.connected(1)]);
    const flow = a.flow(idB);
    await b.counted(500);
    await servers[0]?.host.kill();
    await Promise.all([a, b].map((agent) => agent.logged("server-disconnected")));
    const back = await Promise.all([a, b].map((agent) => agent.logged("server-connected", 1)));
    expect(back.every((place) => place > 0)).toBe(true);
    const c = await engines.agent("node");
    await c.join({ ...join, name: "c" });
    await Promise.all([a, b, c].map((agent) => agent.connected(2)));
    await a.stopFlow();
    const sent = await flow;
    expect(await b.counted(sent)).toEqual([]);
    for (const agent of [a, b]) {
      expect(await agent.lines("peer-disconnected")).toEqual([]);
      expect(await agent.lines("peer-left")).toEqual([]);
      // The link to each other kept its path throughout.
      expect((await agent.lines("path none")).length).toBe(0);
    }
  },
);

it("whoever can reach none of them is told of all", async () => {
  const list = [await start(), await start()];
  await Promise.all(servers.map(({ host }) => host.kill()));
  const agent = await engines.agent("node");
  await expect(agent.join({ server: list, room: "moving", name: "a" })).rejects.toThrow(list.join(", "));
});
