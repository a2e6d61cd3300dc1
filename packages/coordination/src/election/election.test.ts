import type { PeerId } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { IdentityNetwork } from "../agreement/identity-network.test-support.js";
import type { MemoryMessenger } from "../simulation/memory-network.test-support.js";
import type { ElectionMemory } from "./core/state.js";
import { createElection, type Election } from "./election.js";
import { Fence } from "./fence.js";
import type { ElectionOptions } from "./options.js";
import { electionProtocol } from "./protocol.js";

interface Agent {
  readonly messenger: MemoryMessenger;
  readonly election: Election;
}

/** Several agents, each started a moment after the one before. */
async function agents(network: IdentityNetwork, each: readonly ElectionOptions[]): Promise<Agent[]> {
  const all: Agent[] = [];
  for (const [number, options] of each.entries()) {
    const messenger = network.join(number);
    const known = { clock: network.clock, ed25519: network.ed25519, startedMs: number };
    all.push({ messenger, election: await createElection(messenger, { ...known, ...options }) });
  }
  return all;
}

function members(network: IdentityNetwork, count: number): PeerId[] {
  return Array.from({ length: count }, (_, number) => network.idOf(number));
}

function withQuorum(network: IdentityNetwork, count: number, options: ElectionOptions = {}): ElectionOptions[] {
  const quorum = members(network, count);
  return quorum.map((_, number) => ({ quorum, identity: network.identity(number), ...options }));
}

const leaders = (all: readonly Agent[]) =>
  all.filter(({ election }) => election.isLeader).map(({ messenger }) => messenger.id);
const leadersOf = (all: readonly Agent[]) => new Set(all.map(({ election }) => election.leader?.id));

describe("an election", () => {
  it("is won by who started first, and everyone is told", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, [{}, {}, {}]);
    await network.clock.pass(3_000);
    expect(leaders(all)).toEqual([network.idOf(0)]);
    expect(leadersOf(all)).toEqual(new Set([network.idOf(0)]));
  });

  it("has controllers outrank displays; one that comes later takes over where it is configured so", async () => {
    for (const takeover of [false, true]) {
      const network = new IdentityNetwork();
      const [display, controller] = await agents(network, [{ takeover }]).then(async (first) => {
        await network.clock.pass(3_000);
        const messenger = network.join(1);
        const options = { score: 1, takeover, clock: network.clock };
        return [...first, { messenger, election: await createElection(messenger, options) }];
      });
      expect(display?.election.isLeader).toBe(true);
      await network.clock.pass(5_000);
      expect(controller?.election.isLeader).toBe(takeover);
      expect(display?.election.isLeader).toBe(!takeover);
    }
  });

  it("has one that only follows never lead", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, [{ candidate: false, score: 9 }, {}]);
    await network.clock.pass(3_000);
    expect(leaders(all)).toEqual([network.idOf(1)]);
    network.crash(network.idOf(1));
    await network.clock.pass(10_000);
    expect(all[0]?.election.leader).toBeUndefined();
  });

  it.each([
    [false, 0],
    [false, 60_000],
    [true, 0],
    [true, 60_000],
  ])(
    "has another lead within three beats of a crash (members: %s, noticed after %i ms)",
    async (isOfMembers, noticeMs) => {
      const network = new IdentityNetwork();
      const all = await agents(network, isOfMembers ? withQuorum(network, 3) : [{}, {}, {}]);
      network.noticeMs = () => noticeMs;
      await network.clock.pass(6_000);
      expect(leaders(all)).toEqual([network.idOf(0)]);
      network.crash(network.idOf(0));
      await network.clock.pass(3_000);
      expect(leaders(all.slice(1))).toEqual([network.idOf(1)]);
    },
  );

  it("has who resigns make way at once", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, withQuorum(network, 3));
    await network.clock.pass(6_000);
    all[0]?.election.resign();
    expect(all[0]?.election.isLeader).toBe(false);
    await network.clock.pass(900);
    expect(leaders(all)).toEqual([network.idOf(1)]);
  });

  it("with members, has no leader where there is no majority; without, one in each part, and one again when it heals", async () => {
    for (const isOfMembers of [true, false]) {
      const network = new IdentityNetwork();
      const all = await agents(network, isOfMembers ? withQuorum(network, 5) : [{}, {}, {}, {}, {}]);
      await network.clock.pass(6_000);
      const [left, right] = [all.slice(0, 2), all.slice(2)];
      for (const one of left) for (const other of right) network.cut(one.messenger.id, other.messenger.id);
      await network.clock.pass(6_000);
      expect(leaders(left)).toEqual(isOfMembers ? [] : [network.idOf(0)]);
      expect(leaders(right)).toEqual([network.idOf(2)]);
      for (const one of left) for (const other of right) network.connect(one.messenger.id, other.messenger.id);
      await network.clock.pass(6_000);
      expect(leaders(all)).toEqual([network.idOf(isOfMembers ? 2 : 0)]);
      expect(leadersOf(all).size).toBe(1);
    }
  });

  it("gives tokens that rise, so that a fence refuses who led before", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, [{}, {}]);
    await network.clock.pass(3_000);
    const fence = new Fence();
    const late = all[0]?.election.token ?? "";
    expect(fence.admit(late)).toBe(true);
    all[0]?.election.resign();
    await network.clock.pass(2_000);
    expect(fence.admit(all[1]?.election.token ?? "")).toBe(true);
    expect(fence.admit(late)).toBe(false);
    expect(new Fence(fence.latest).admit(late)).toBe(false);
  });

  it("doesn't lead after a sleep in which its clock stood still, whoever asks first", async () => {
    const network = new IdentityNetwork();
    let sleptMs = 0;
    const { clock } = network;
    const sleepy = {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs() + sleptMs,
      after: clock.after.bind(clock),
    };
    const all = await agents(network, [{ clock: sleepy }, {}]);
    await network.clock.pass(3_000);
    expect(all[0]?.election.isLeader).toBe(true);
    sleptMs = 60_000;
    expect(all[0]?.election.isLeader).toBe(false);
    await network.clock.pass(3_000);
    sleptMs = 0;
    expect(leaders(all)).toHaveLength(1);
  });

  it("keeps what a member must not forget before anybody hears of it, and goes on from there", async () => {
    const network = new IdentityNetwork();
    const kept: ElectionMemory[] = [];
    const store = {
      load: async () => kept.at(-1),
      save: async (memory: ElectionMemory) => {
        kept.push(memory);
      },
    };
    const [options, ...others] = withQuorum(network, 3);
    const all = await agents(network, [{ ...options, store }, ...others]);
    await network.clock.pass(6_000);
    const term = all[0]?.election.leader?.term ?? 0;
    expect(kept.at(-1)).toEqual({ term, votedFor: network.idOf(0) });
    network.crash(network.idOf(0));
    await network.clock.pass(6_000);
    const messenger = network.join(0);
    const again = await createElection(messenger, {
      ...options,
      store,
      clock: network.clock,
      ed25519: network.ed25519,
    });
    await network.clock.pass(3_000);
    expect(again.leader?.term).toBeGreaterThan(term);
    expect(again.leader?.id).toBe(network.idOf(1));
  });

  it("isn't held up by a leader that fell silent, though its link isn't known to be lost", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, withQuorum(network, 3));
    await network.clock.pass(6_000);
    expect(leaders(all)).toEqual([network.idOf(0)]);
    network.noticeMs = () => 60_000;
    for (const number of [1, 2]) network.cut(network.idOf(0), network.idOf(number));
    await network.clock.until(() => all.slice(1).every(({ election }) => election.leader === undefined));
    // The answers to one canvass: no moment is left to whom nobody hears.
    await network.clock.pass(50);
    expect(leaders(all)).toEqual([network.idOf(1)]);
  });

  it("doesn't lead before its term is safe", async () => {
    const network = new IdentityNetwork();
    let isSafe = (): void => {};
    const store = {
      load: async () => undefined,
      save: () =>
        new Promise<void>((resolve) => {
          isSafe = resolve;
        }),
    };
    const [agent] = await agents(network, [{ store }]);
    await network.clock.pass(1_500);
    expect(agent?.election.isLeader).toBe(false);
    isSafe();
    await network.clock.pass(0);
    expect(agent?.election.isLeader).toBe(true);
  });

  it("waits for a leader, and every wait ends", async () => {
    const network = new IdentityNetwork();
    const [agent] = await agents(network, [{ candidate: false }]);
    const election = agent?.election as Election;
    await expect(network.clock.settled(election.whenLed({ timeoutMs: 500 }))).rejects.toMatchObject({
      code: "timeout",
    });
    const stop = new AbortController();
    const wait = election.whenLed({ signal: stop.signal });
    stop.abort();
    await expect(wait).rejects.toMatchObject({ code: "aborted" });
    const last = election.whenLed();
    const told: unknown[] = [];
    election.on("leader", (leader) => told.push(leader));
    await election.close();
    await expect(last).rejects.toMatchObject({ code: "closed" });
    expect(told).toEqual([undefined]);
    expect(network.clock.armed).toBe(0);
  });

  it("tells once that nobody leads any more, where it is closed", async () => {
    const network = new IdentityNetwork();
    const [agent] = await agents(network, [{}]);
    await network.clock.pass(3_000);
    const told: unknown[] = [];
    agent?.election.on("leader", (leader) => told.push(leader));
    agent?.election.on("deposed", () => told.push("deposed"));
    await agent?.election.close();
    expect(told).toEqual(["deposed", undefined]);
  });

  it("keeps several elections of one messenger apart, and refuses two of one name", async () => {
    const network = new IdentityNetwork();
    const messenger = network.join(0);
    const { clock } = network;
    const one = await createElection(messenger, { clock });
    const other = await createElection(messenger, { clock, name: "index", candidate: false });
    await expect(createElection(messenger, { clock })).rejects.toMatchObject({ code: "bad-argument" });
    await network.clock.pass(3_000);
    expect([one.isLeader, other.leader]).toEqual([true, undefined]);
    await one.close();
    await createElection(messenger, { clock });
  });
});

describe("a liar in an election", () => {
  const liar = async (network: IdentityNetwork, all: readonly Agent[], number: number) => {
    const messenger = network.join(number);
    const say = (word: object) => {
      for (const { messenger: to } of all) {
        void messenger.send(to.id, electionProtocol.word, { topic: "leader", ...word } as never);
      }
    };
    say({ t: "hello", score: 99, startedMs: 0, candidate: true, term: 0, ask: false });
    return say;
  };

  it("that says it leads, without a majority's votes or with forged ones, is refused and counted", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, withQuorum(network, 3));
    await network.clock.pass(6_000);
    // A member that lies: it says hello as one of the election, and then leads.
    const { election } = all[0] as Agent;
    const members = (await import("./term-votes.js")).electionDigest(
      "leader",
      [0, 1, 2].map((n) => network.idOf(n)),
    );
    const lie = async (word: object) => {
      const from = (all[2] as Agent).messenger;
      await from.send(network.idOf(0), electionProtocol.word, { topic: "leader", ...word } as never);
      await network.clock.pass(50);
    };
    const term = (election.leader?.term ?? 0) + 1;
    const signature = new Uint8Array(64);
    const votes = [0, 1].map((number) => ({ voter: network.identity(number).publicKey, signature }));
    await lie({ t: "lead", term, beat: 1, votes });
    expect(election.isLeader).toBe(true);
    await lie({ t: "answer", term, yes: true, signature });
    await lie({ t: "hello", score: 5, startedMs: 0, candidate: true, term: 0, ask: false, members });
    await lie({ t: "hello", score: 5, startedMs: 0, candidate: true, term: 0, ask: false });
    expect(election.refused).toEqual({ unproven: 1, forged: 1, "rank-changed": 1, "other-quorum": 1 });
    expect(election.evidence[0]).toMatchObject({ from: network.idOf(2), claim: { t: "lead", term } });
    expect(election.isLeader).toBe(true);
  });

  it("of a term from the far future is refused and counted", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, [{}, {}]);
    await network.clock.pass(3_000);
    const say = await liar(network, all, 2);
    say({ t: "lead", term: 2 ** 40, beat: 1 });
    await network.clock.pass(500);
    for (const { election } of all) expect(election.refused["far-term"]).toBe(1);
    expect(leadersOf(all)).toEqual(new Set([network.idOf(0)]));
  });

  it("that only follows can't lead", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, [{}, {}]);
    await network.clock.pass(3_000);
    const say = await liar(network, all, 2);
    say({ t: "hello", score: 99, startedMs: 0, candidate: false, term: 0, ask: false });
    say({ t: "lead", term: 9, beat: 1 });
    await network.clock.pass(500);
    for (const { election } of all) expect(election.refused).toEqual({ "not-candidate": 1 });
  });
});
