import { defineProtocol, message, type Room } from "@skein/client";
import { describe, expect, it } from "vitest";
import { isPunchable, type NatKind } from "../core/nat.js";
import type { EngineName } from "../rtc/profile.js";
import { WorldFailure } from "./failure.js";
import type { AgentOptions, SimAgent } from "./sim-agent.js";
import { createWorld, type World } from "./world.js";

const chat = defineProtocol("test.chat", "1.0.0", { say: message(String) });

interface Pair {
  readonly ann: SimAgent;
  readonly bob: SimAgent;
  /** What bob heard. */
  readonly heard: string[];
}

async function pairIn(world: World, ann: AgentOptions = {}, bob: AgentOptions = {}): Promise<Pair> {
  const heard: string[] = [];
  const program = (room: Room) => void room.handle(chat.say, (text) => void heard.push(text));
  const agents = [
    world.addAgent("ann", { protocols: [chat], ...ann }),
    world.addAgent("bob", { protocols: [chat], program, ...bob }),
  ] as const;
  await world.until(Promise.all(agents.map((agent) => agent.join())));
  await world.linked(...agents);
  return { ann: agents[0], bob: agents[1], heard };
}

const say = ({ ann, bob }: Pair, text: string) => ann.room.send(bob.id, chat.say, text);
const pathOf = ({ ann, bob }: Pair) => ann.room.peers.get(bob.id)?.path;

describe("a world's networks", () => {
  const kinds: NatKind[] = ["none", "full-cone", "restricted", "symmetric", "udp-blocked"];
  for (const ice of ["none", "stun", "turn"] as const) {
    it(`link every pair of NATs, directly where there is a way (${ice})`, async () => {
      const reached: Record<string, string | undefined> = {};
      const expected: Record<string, string | undefined> = {};
      for (const a of kinds) {
        for (const b of kinds) {
          await using world = createWorld({ ice });
          const pair = await pairIn(world, { nat: a }, { nat: b });
          const isBlocked = a === "udp-blocked" || b === "udp-blocked";
          // Without STUN a side knows its own address alone: one of the two must be reachable under it.
          const alone = !isBlocked && (a === "none" || b === "none");
          const hasWay = ice === "turn" ? !isBlocked : ice === "stun" ? isPunchable(a, b) : alone;
          reached[`${a} ${b}`] = pathOf(pair);
          expected[`${a} ${b}`] = hasWay ? "direct" : "relay";
        }
      }
      expect(reached).toEqual(expected);
    });
  }

  it("link hosts behind one NAT by their own addresses", async () => {
    await using world = createWorld({ ice: "none" });
    const nat = world.addNat("symmetric");
    expect(pathOf(await pairIn(world, { nat }, { nat }))).toBe("direct");
  });

  it("link every pair of engines", async () => {
    const engines: EngineName[] = ["chromium", "firefox", "node-datachannel"];
    for (const a of engines) {
      for (const b of engines) {
        await using world = createWorld();
        expect(pathOf(await pairIn(world, { engine: a }, { engine: b }))).toBe("direct");
      }
    }
  });
});

describe("in a world", () => {
  it("what is said while two are cut off from each other goes over the relay, and back on the direct path later", async () => {
    await using world = createWorld();
    const pair = await pairIn(world);
    const heal = world.partition([pair.ann], [pair.bob]);
    await world.until(say(pair, "over the relay"));
    await world.until(() => pair.heard.length === 1, { withinMs: 6_000 });
    heal();
    await world.until(() => pathOf(pair) === "direct");
    await world.until(say(pair, "directly"));
    await world.until(() => pair.heard.length === 2);
    expect(pair.heard).toEqual(["over the relay", "directly"]);
  });

  it("a crash is seen by the others, and whoever starts again is linked again", async () => {
    await using world = createWorld();
    const pair = await pairIn(world);
    pair.bob.crash();
    await world.until(() => !pair.ann.room.peers.has(pair.bob.id));
    await world.until(pair.bob.restart());
    await world.linked(pair.ann, pair.bob);
    await world.until(say(pair, "again"));
    await world.until(() => pair.heard.includes("again"));
  });

  it("who sleeps hears nothing, and goes on where it was", async () => {
    for (const clock of ["goes on", "stands still"] as const) {
      await using world = createWorld();
      const pair = await pairIn(world);
      pair.bob.sleep();
      await world.until(say(pair, "good morning"));
      await world.advance(20_000);
      expect(pair.heard).toEqual([]);
      pair.bob.resume(clock);
      await world.until(() => pair.heard.length === 1);
    }
  });

  it("links outlast the server, and another network", async () => {
    await using world = createWorld();
    const pair = await pairIn(world);
    world.server.crash();
    await world.advance(60_000);
    await world.until(say(pair, "without a server"));
    await world.until(() => pair.heard.length === 1);
    world.server.start();
    pair.bob.move("full-cone", "is silent");
    await world.until(say(pair, "from elsewhere"));
    await world.until(() => pair.heard.length === 2);
  });

  it("whoever has left holds nothing", async () => {
    const world = createWorld({ ice: "turn" });
    const { ann, bob } = await pairIn(world, { nat: "symmetric" });
    await world.close();
    for (const agent of [ann, bob]) {
      expect(Object.values(agent.holdings).every((count) => count === 0)).toBe(true);
    }
    expect(world.ice.allocations).toBe(0);
  });

  it("the same seed gives the same trace, and another one another", async () => {
    const digestOf = async (seed: number): Promise<string> => {
      await using world = createWorld({ seed, quality: { loss: 0.1, jitterMs: 30 } });
      const pair = await pairIn(world, { nat: "restricted" });
      pair.bob.crash();
      await world.advance(5_000);
      return world.digest;
    };
    const digests = [await digestOf(1), await digestOf(1), await digestOf(2)];
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
  });

  it("a broken invariant ends the run with the seed, the step, and what happened last", async () => {
    await using world = createWorld({ seed: 42 });
    const pair = await pairIn(world);
    const stop = world.check("Nobody speaks", () => (pair.heard.length > 0 ? `bob heard ${pair.heard[0]}` : undefined));
    await world.until(say(pair, "hush"));
    const failure = await world.advance(1_000).catch((error: unknown) => error);
    stop();
    expect(failure).toBeInstanceOf(WorldFailure);
    expect(failure).toMatchObject({ seed: 42, reason: "Nobody speaks: bob heard hush" });
    expect((failure as WorldFailure).message).toMatch(
      /seed 42, step \d+, \d+\.\d{3} s into the world[\s\S]*ann: peer-connected bob/,
    );
  });

  it("what an agent's program throws ends the run, and what never comes to be as well", async () => {
    await using world = createWorld();
    const { ann } = await pairIn(world);
    ann.clock.after(10, () => {
      throw new Error("a bug of the app");
    });
    await expect(world.advance(20)).rejects.toThrow("ann threw: a bug of the app");
  });

  it("says what never came to be", async () => {
    await using world = createWorld();
    await expect(world.until(() => false, { withinMs: 1_000 })).rejects.toThrow("It never came to be, within 1 s");
  });
});
