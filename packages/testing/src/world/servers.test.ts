import { defineProtocol, message, type Room, type ServerOrder } from "@skein/client";
import { describe, expect, it } from "vitest";
import type { SimServer } from "../server/sim-server.js";
import type { SimAgent } from "./sim-agent.js";
import { createWorld, type World } from "./world.js";

const count = defineProtocol("test.count", "1.0.0", { number: message(Number) });

interface Counting {
  readonly ann: SimAgent;
  readonly bob: SimAgent;
  /** What bob got, in order. */
  readonly got: number[];
  /** How often either lost its path, or the other. */
  readonly troubles: string[];
}

const urlsOf = (servers: readonly SimServer[]) => servers.map(({ url }) => url);

/**
 * Two that know all servers, the first of which sends a number each 20 ms, for as long as the world runs. By the room's order, their lists differ.
 */
async function counting(
  world: World,
  servers: readonly SimServer[],
  serverOrder: ServerOrder = "listed",
): Promise<Counting> {
  const got: number[] = [];
  const troubles: string[] = [];
  const urls = urlsOf(servers);
  const others = serverOrder === "by-room" ? urls.toReversed() : urls;
  const watch = (room: Room) => {
    room.on("peer-disconnected", ({ reason }) => troubles.push(`disconnected: ${reason}`));
    room.on("peer-left", ({ reason }) => troubles.push(`left: ${reason}`));
    room.on("path-changed", ({ peer }) => peer.path === undefined && troubles.push("no path"));
  };
  const program = (room: Room) => {
    watch(room);
    room.handle(count.number, (number) => void got.push(number));
  };
  const bob = world.addAgent("bob", { protocols: [count], servers: others, serverOrder, program });
  const ann = world.addAgent("ann", { protocols: [count], servers: urls, serverOrder, program: watch });
  await world.until(Promise.all([ann.join(), bob.join()]));
  await world.linked(ann, bob);
  let sent = 0;
  const tick = (): void => {
    if (!ann.isIn) return;
    void ann.room.send(bob.id, count.number, sent++).catch(() => {});
    ann.clock.after(20, tick);
  };
  tick();
  return { ann, bob, got, troubles };
}

const isAt = (agent: SimAgent, server: SimServer) =>
  agent.isIn && agent.room.stats().server === "connected" && (server.stats?.connections ?? 0) > 0;

describe("two servers that don't know of each other", () => {
  it.each<[string, (first: SimServer) => unknown]>([
    ["dies", (first) => first.crash()],
    ["stops", (first) => void first.stop()],
    ["sends its clients away one by one", (first) => void first.drain(3_000)],
  ])(
    "are moved between without a link noticing, where the first %s: no number is lost, repeated or out of order",
    async (_, end) => {
      await using world = createWorld();
      const servers = [world.server, world.addServer("second")] as const;
      const { ann, bob, got, troubles } = await counting(world, servers);
      expect(servers[1].stats?.connections).toBe(0);
      end(servers[0]);
      await world.until(() => servers[1].stats?.peers === 2 && isAt(ann, servers[1]) && isAt(bob, servers[1]));
      await world.advance(5_000);
      expect(troubles).toEqual([]);
      expect([ann, bob].map(({ room }) => room.peers.size)).toEqual([1, 1]);
      expect(got.length).toBeGreaterThan(250);
      expect(got).toEqual(got.map((_number, index) => index));
      // Whoever comes later, with the same list, meets them.
      const carl = await world.join("carl", { servers: servers.map(({ url }) => url) });
      await world.linked(ann, bob, carl);
    },
  );

  it("are both found by all who have the same list, whichever of them runs", async () => {
    await using world = createWorld();
    const servers = [world.server, world.addServer("second")] as const;
    const urls = servers.map(({ url }) => url);
    servers[0].crash();
    await world.joinAll(["ann", "bob", "carl"], { servers: urls });
    expect(servers[1].stats?.peers).toBe(3);
  });

  it("part those who go to any of them, which is for servers that know of each other", async () => {
    await using world = createWorld();
    const urls = [world.server, world.addServer("second")].map(({ url }) => url);
    const agents = Array.from({ length: 8 }, (_, i) => world.addAgent(`a${i}`, { servers: urls, serverOrder: "any" }));
    await world.until(Promise.all(agents.map((agent) => agent.join())));
    const [first, second] = [world.server, ...world.moreServers].map(({ stats }) => stats?.peers ?? 0);
    expect([(first ?? 0) > 0, (second ?? 0) > 0, (first ?? 0) + (second ?? 0)]).toEqual([true, true, 8]);
  });

  it("nearest: the one that answers first, and the other once that is gone", async () => {
    await using world = createWorld();
    const second = world.addServer("second");
    const urls = [world.server.url, second.url];
    world.server.crash();
    const ann = await world.join("ann", { servers: urls, serverOrder: "nearest" });
    expect(second.stats?.peers).toBe(1);
    world.server.start();
    second.crash();
    await world.until(() => isAt(ann, world.server));
  });
});

describe("three servers among which the room chooses", () => {
  const peersAt = (server: SimServer) => server.stats?.peers ?? 0;
  const threeIn = (world: World) => [world.server, world.addServer("second"), world.addServer("third")] as const;

  /** Where all of these are. */
  async function home(world: World, servers: readonly SimServer[], count: number): Promise<SimServer> {
    await world.until(() => servers.some((server) => peersAt(server) === count));
    return servers.find((server) => peersAt(server) === count) as SimServer;
  }

  it.each<[string, (first: SimServer) => unknown]>([
    ["dies", (first) => first.crash()],
    ["stops", (first) => void first.stop()],
    ["sends its clients away one by one", (first) => void first.drain(3_000)],
  ])(
    "members whose lists have different orders are at one; it %s, and they meet at one other without a link noticing",
    async (_, end) => {
      await using world = createWorld();
      const servers = threeIn(world);
      const { ann, bob, got, troubles } = await counting(world, servers, "by-room");
      const first = await home(world, servers, 2);
      end(first);
      const others = servers.filter((server) => server !== first);
      const second = await home(world, others, 2);
      await world.until(() => isAt(ann, second) && isAt(bob, second));
      await world.advance(5_000);
      expect(troubles).toEqual([]);
      expect(got.length).toBeGreaterThan(250);
      expect(got).toEqual(got.map((_number, index) => index));
      const carl = await world.join("carl", { servers: urlsOf([...others, first]), serverOrder: "by-room" });
      await world.linked(ann, bob, carl);
    },
  );

  it("members meet again where they belong, once the one that they went on to is lost as well", async () => {
    await using world = createWorld();
    const servers = threeIn(world);
    const { ann, bob } = await counting(world, servers, "by-room");
    const first = await home(world, servers, 2);
    first.crash();
    const second = await home(world, servers, 2);
    await world.until(() => isAt(ann, second) && isAt(bob, second));
    first.start();
    second.crash();
    await world.until(() => isAt(ann, first) && isAt(bob, first) && peersAt(first) === 2);
  });
});
