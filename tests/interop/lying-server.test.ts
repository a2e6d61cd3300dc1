import { createBoxKeyPair, decode, encode, type SignedCard } from "@skein/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { Agent, type AgentOptions } from "./support/agent.ts";
import { type Forward, type Lies, LyingServer } from "./support/lying-server.ts";

const agents: Agent[] = [];
let server: LyingServer;
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.leave()));
  await server[Symbol.asyncDispose]();
});

/** Agents on the real engine, in one room of a server that lies so. */
async function deceived(lies: Lies, names: readonly string[], more: Partial<AgentOptions> = {}): Promise<Agent[]> {
  server = await LyingServer.start(lies);
  for (const name of names) {
    const agent = new Agent();
    agents.push(agent);
    await agent.join({ server: server.url, room: "lab", name, ...more });
  }
  return agents;
}

function connectedTo(agent: Agent): (string | undefined)[] {
  return agent
    .peers()
    .filter(({ state }) => state === "connected")
    .map(({ name }) => name);
}

/** A card with the server's own box key in place of the peer's. */
function withOurKey(card: SignedCard): SignedCard {
  const body = decode(card.b);
  if (!body.ok) throw new Error(body.reason);
  return { b: encode({ ...(body.value as object), box: createBoxKeyPair().publicKey }), s: card.s };
}

function altered(forward: Forward): Forward {
  const envelope = Uint8Array.from(forward.envelope);
  envelope[envelope.length - 1] = (envelope[envelope.length - 1] as number) ^ 1;
  return { ...forward, envelope };
}

describe("a server that lies", () => {
  it("and swaps the keys in cards: each card is refused, nobody is linked to the one in the middle", async () => {
    const [a, b] = await deceived({ card: withOurKey }, ["a", "b"]);
    // b sees a's altered card in its roster, a sees b's as it joins.
    await Promise.all([a?.logged("rejected forged"), b?.logged("rejected forged")]);
    expect([a?.peers(), b?.peers()]).toEqual([[], []]);
  });

  it("and alters every signal: each is refused, no connection comes of it", async () => {
    const [a, b] = await deceived({ forward: (forward) => [altered(forward)] }, ["a", "b"]);
    await Promise.race([a?.logged("rejected forged"), b?.logged("rejected forged")]);
    expect(connectedTo(a as Agent)).toEqual([]);
    expect(connectedTo(b as Agent)).toEqual([]);
  });

  it("and repeats every signal: the repeats are refused, and the pair has one link", async () => {
    const [a, b] = await deceived({ forward: (forward) => [forward, forward, forward] }, ["a", "b"]);
    await Promise.all([a?.connected(1), b?.connected(1)]);
    expect((a?.stats().rejected.replayed ?? 0) + (b?.stats().rejected.replayed ?? 0)).toBeGreaterThan(0);
    for (const agent of [a, b]) expect(agent?.log.filter((line) => line.startsWith("peer-connected"))).toHaveLength(1);
  });

  it("and sends signals back to their sender as if the other had sent them: refused", async () => {
    const reflect = (forward: Forward) => [{ ...forward, from: forward.to, to: forward.from }];
    const [a, b] = await deceived({ forward: reflect }, ["a", "b"]);
    await Promise.race([a?.logged("rejected forged"), b?.logged("rejected forged")]);
    expect([...connectedTo(a as Agent), ...connectedTo(b as Agent)]).toEqual([]);
  });

  it("and delivers signals to the wrong peer as well: that one refuses them, the right ones are linked", async () => {
    const astray = (forward: Forward, present: readonly Forward["to"][]) => [
      forward,
      ...present.filter((id) => id !== forward.to && id !== forward.from).map((to) => ({ ...forward, to })),
    ];
    const [a, b, c] = await deceived({ forward: astray }, ["a", "b", "c"]);
    await Promise.all([a?.connected(2), b?.connected(2), c?.connected(2)]);
    const forged = [a, b, c].reduce((sum, agent) => sum + (agent?.stats().rejected.forged ?? 0), 0);
    expect(forged).toBeGreaterThan(0);
  });

  it("and passes one peer's signals off as another's: refused", async () => {
    const disguise = (forward: Forward, present: readonly Forward["to"][]) => {
      const other = present.find((id) => id !== forward.from && id !== forward.to);
      return other === undefined ? [] : [{ ...forward, from: other }];
    };
    const [a, b, c] = await deceived({ forward: disguise }, ["a", "b", "c"]);
    await Promise.any([a, b, c].map((agent) => agent?.logged("rejected forged")));
    expect([a, b, c].flatMap((agent) => connectedTo(agent as Agent))).toEqual([]);
  });

  it("and drops everything: nobody is linked, nobody hangs, and leaving works", async () => {
    const dropped: Forward[] = [];
    let seen: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const drop = (forward: Forward) => {
      dropped.push(forward);
      seen();
      return [];
    };
    const [a, b] = await deceived({ forward: drop }, ["a", "b"]);
    await first;
    expect([...connectedTo(a as Agent), ...connectedTo(b as Agent)]).toEqual([]);
    await Promise.all([a?.leave(), b?.leave()]);
  });
});

describe("a server that lies about what it relays", () => {
  const relayed = { relay: "only" } as const;
  /** Numbers both ways, whatever the server does: all of them, each once, in order. */
  async function exchange(count: number): Promise<void> {
    const [a, b] = agents as [Agent, Agent];
    await Promise.all([a.connected(1), b.connected(1)]);
    const [idB, idA] = [a.peers()[0]?.id as string, b.peers()[0]?.id as string];
    await Promise.all([a.flood(idB, count), b.flood(idA, count)]);
    expect(await Promise.all([a.counted(count), b.counted(count)])).toEqual([[], []]);
  }

  it("and reads along: it sees nothing of what is said", async () => {
    const seen: Uint8Array[] = [];
    const listen = (forward: Forward) => {
      seen.push(forward.envelope);
      return [forward];
    };
    const [a, b] = (await deceived({ forward: listen }, ["a", "b"], relayed)) as [Agent, Agent];
    await a.connected(1);
    const words = "a sentence that everyone would know again";
    const id = a.peers()[0]?.id as string;
    for (let i = 0; i < 100; i++) await a.say(id, words);
    await b.heardCount(100);
    const traffic = Buffer.concat(seen);
    expect(traffic.length).toBeGreaterThan(100 * words.length);
    for (const plain of [words, "skein.test/say", "skein.test", b.peers()[0]?.id as string]) {
      expect(traffic.includes(plain)).toBe(false);
    }
  });

  it("and repeats every frame: the repeats are dropped and counted, and nothing is delivered twice", async () => {
    await deceived({ forward: (forward) => [forward, forward] }, ["a", "b"], relayed);
    await exchange(5_000);
    for (const agent of agents) expect(agent.stats().rejected.replayed).toBeGreaterThan(0);
  });

  it("and alters, reflects or drops a frame now and then: counted, and sent again", async () => {
    let count = 0;
    const meddle = (forward: Forward) => {
      switch (count++) {
        case 6:
          return [altered(forward)];
        case 14:
          return [{ ...forward, from: forward.to, to: forward.from }];
        case 22:
          return [];
        default:
          return [forward];
      }
    };
    await deceived({ forward: meddle }, ["a", "b"], relayed);
    await exchange(60_000);
    expect(count).toBeGreaterThan(22);
    expect(agents.reduce((sum, agent) => sum + (agent.stats().rejected.forged ?? 0), 0)).toBeGreaterThan(0);
  });

  it("and moves frames to another room: each is refused there", async () => {
    const elsewhere = new Agent();
    const strays: Forward[] = [];
    const [, , c] = await deceived(
      {
        forward: (forward, present) => {
          const third = present.find((id) => id !== forward.from && id !== forward.to);
          const stray = third === undefined ? [] : [{ ...forward, to: third }];
          strays.push(...stray);
          return [forward, ...stray];
        },
      },
      ["a", "b"],
      relayed,
    ).then(async (both) => {
      agents.push(elsewhere);
      // The server has one room for all; what c believes to be in is another.
      await elsewhere.join({ server: server.url, room: "another", name: "c", ...relayed });
      return [...both, elsewhere];
    });
    await exchange(1_000).catch(() => {});
    await c?.logged("rejected forged");
    expect(connectedTo(c as Agent)).toEqual([]);
    expect(strays.length).toBeGreaterThan(0);
  });
});
