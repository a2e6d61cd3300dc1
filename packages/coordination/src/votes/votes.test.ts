import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { IdentityNetwork } from "../agreement/identity-network.test-support.js";
import type { MemoryMessenger } from "../simulation/memory-network.test-support.js";
import { byteOf, signBallot, verifyCertificate } from "./certificate.js";
import type { Choice } from "./core/rule.js";
import type { ProposeOptions } from "./options.js";
import { type Proposal, proposalHash, type SignedProposal, signProposal } from "./proposal.js";
import { votesProtocol } from "./protocol.js";
import { createVotes, type Votes } from "./votes.js";

interface Agent {
  readonly messenger: MemoryMessenger;
  readonly votes: Votes;
}

/** The proposal that each was asked about last, as it came. */
const latest = new WeakMap<MemoryMessenger, SignedProposal>();

const kind = "acme.keeper";
const schema = v.object({ keeper: v.string() });

function agents(network: IdentityNetwork, choices: readonly (Choice | undefined)[]): Agent[] {
  return choices.map((choice, number) => {
    const messenger = network.join(number);
    overhear(messenger);
    const random = (length: number) => network.random.bytes(length);
    const votes = createVotes(messenger, {
      identity: network.identity(number),
      clock: network.clock,
      random,
      ed25519: network.ed25519,
    });
    if (choice !== undefined) votes.onProposal(kind, schema, () => choice);
    return { messenger, votes };
  });
}

function overhear(messenger: MemoryMessenger): void {
  const handle = messenger.handle.bind(messenger);
  messenger.handle = (definition, handler) =>
    handle(definition, (body: unknown, from: unknown) => {
      if (definition.name === votesProtocol.propose.name) latest.set(messenger, body as SignedProposal);
      return (handler as (body: unknown, from: unknown) => unknown)(body, from);
    });
}

const at = (all: readonly Agent[], number: number): Agent => all[number] as Agent;
const propose = (network: IdentityNetwork, { votes }: Agent, options: ProposeOptions = {}) =>
  network.clock.settled(votes.propose(kind, { keeper: "ada" }, options));

describe("a vote", () => {
  it("is accepted by a majority, tells who voted how, and is proven to anyone", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", "yes", "no"]);
    const electorate = all.map(({ messenger }) => messenger.id);
    const told: unknown[] = [];
    at(all, 1).votes.on("outcome", ({ end, isProven }) => told.push([end, isProven]));
    const outcome = await propose(network, at(all, 0));
    expect(outcome.end).toBe("accepted");
    expect(outcome.ballots.get(network.idOf(0))).toBe("yes");
    const proof = await verifyCertificate(outcome.certificate as Uint8Array, { electorate, ed25519: network.ed25519 });
    expect(proof).toMatchObject({ ok: true, value: { decision: "accepted", proposal: { body: { keeper: "ada" } } } });
    const others = await verifyCertificate(outcome.certificate as Uint8Array, {
      electorate: electorate.slice(1),
      ed25519: network.ed25519,
    });
    expect(others.ok).toBe(false);
    await network.clock.pass(100);
    expect(told).toEqual([["accepted", true]]);
  });

  it("is rejected as soon as the rest can't change it", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", "no", undefined]);
    const outcome = await propose(network, at(all, 0), { rule: "unanimous" });
    expect(outcome.end).toBe("rejected");
    expect(network.clock.nowMs()).toBeLessThan(100);
    expect((await verifyCertificate(outcome.certificate as Uint8Array, { ed25519: network.ed25519 })).ok).toBe(true);
  });

  it("takes who can't decide, or fails to, for not voting, and says so", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined, undefined]);
    at(all, 2).votes.onProposal(kind, v.object({ keeper: v.number() }), () => "yes");
    const outcome = await propose(network, at(all, 0));
    expect(outcome.end).toBe("rejected");
    expect([...outcome.missing.values()].sort()).toEqual(["handler-failed", "no-handler"]);
    // That somebody couldn't is nothing that others could check.
    expect(outcome.certificate).toBeUndefined();
  });

  it("takes who leaves for not voting, and asks it again when it is back", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined, undefined]);
    const [a, b] = [network.idOf(0), network.idOf(1)];
    let asked = 0;
    at(all, 1).votes.onProposal(kind, schema, () => {
      asked++;
      return "yes";
    });
    network.cut(a, b);
    await network.clock.pass(10);
    at(all, 2).votes.onProposal(kind, schema, () => new Promise(() => {}));
    const electorate = all.map(({ messenger }) => messenger.id);
    const vote = at(all, 0).votes.propose(kind, { keeper: "ada" }, { electorate });
    await network.clock.pass(500);
    network.connect(a, b);
    expect((await network.clock.settled(vote)).end).toBe("accepted");
    expect(asked).toBe(1);
  });

  it("has who is asked again decide once, and say the same", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined, undefined]);
    const [a, b] = [network.idOf(0), network.idOf(1)];
    let asked = 0;
    at(all, 1).votes.onProposal(kind, schema, async () => {
      asked++;
      await new Promise<void>((resolve) => network.clock.after(1_000, resolve));
      return asked === 1 ? "yes" : "no";
    });
    at(all, 2).votes.onProposal(kind, schema, () => new Promise(() => {}));
    const vote = at(all, 0).votes.propose(kind, { keeper: "ada" });
    await network.clock.pass(100);
    network.cut(a, b);
    await network.clock.pass(100);
    network.connect(a, b);
    const { end, ballots } = await network.clock.settled(vote);
    expect([end, ballots.get(b), asked]).toEqual(["accepted", "yes", 1]);
  });

  it("is rejected when too many have left", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined, undefined]);
    for (const number of [1, 2]) at(all, number).votes.onProposal(kind, schema, () => new Promise(() => {}));
    const vote = at(all, 0).votes.propose(kind, { keeper: "ada" });
    await network.clock.pass(100);
    for (const number of [1, 2]) network.crash(network.idOf(number));
    const outcome = await network.clock.settled(vote);
    expect([outcome.end, [...outcome.missing.values()]]).toEqual(["rejected", ["gone", "gone"]]);
  });

  it("ends with its time, or when it is taken back, or closed", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined]);
    at(all, 1).votes.onProposal(kind, schema, () => new Promise(() => {}));
    const outcome = await propose(network, at(all, 0), { timeoutMs: 1_000 });
    expect([outcome.end, [...outcome.missing.values()], outcome.certificate]).toEqual([
      "timed-out",
      ["silent"],
      undefined,
    ]);
    const stop = new AbortController();
    const taken = at(all, 0).votes.propose(kind, { keeper: "ada" }, { signal: stop.signal });
    await network.clock.pass(10);
    stop.abort();
    await expect(taken).rejects.toMatchObject({ code: "aborted" });
    const last = at(all, 0).votes.propose(kind, { keeper: "ada" });
    await network.clock.pass(10);
    await at(all, 0).votes.close();
    await expect(last).rejects.toMatchObject({ code: "closed" });
    await expect(at(all, 0).votes.propose(kind, {})).rejects.toMatchObject({ code: "closed" });
  });

  it("leaves nothing behind once it is closed, though somebody never comes to a decision", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined]);
    at(all, 1).votes.onProposal(kind, schema, () => new Promise(() => {}));
    const vote = at(all, 0).votes.propose(kind, { keeper: "ada" });
    await network.clock.pass(10);
    for (const { votes } of all) await votes.close();
    await expect(vote).rejects.toMatchObject({ code: "closed" });
    await network.clock.pass(100);
    expect(network.clock.armed).toBe(0);
  });

  it("refuses what makes no sense, before anybody is asked", async () => {
    const network = new IdentityNetwork();
    const [agent] = agents(network, ["yes"]) as [Agent];
    for (const options of [{ electorate: [] }, { rule: { quorum: 2 } }, { rule: { quorum: 0 } }, { timeoutMs: 0 }]) {
      await expect(agent.votes.propose(kind, {}, options)).rejects.toMatchObject({ code: "bad-argument" });
    }
    await expect(agent.votes.propose(kind, "x".repeat(70_000))).rejects.toMatchObject({ code: "too-large" });
    expect(() => createVotes(agent.messenger, { identity: network.identity(5) })).toThrow(/pass the `identity`/);
    expect(() => agent.votes.onProposal(kind, schema, () => true)).toThrow(/already/);
  });

  it("whatever the delays, cuts and crashes: every vote ends, and what is proven is what was decided", async () => {
    const runs = Number(process.env.SKEIN_VOTE_RUNS ?? 25);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 30 }), async (seed) => {
        const network = new IdentityNetwork(seed);
        const { random } = network;
        network.delayMs = () => random.below(300);
        network.noticeMs = () => random.below(1_000);
        const all = agents(
          network,
          Array.from({ length: 4 }, () => random.pick<Choice>(["yes", "no", "abstain"])),
        );
        const rule = random.pick(["majority", "unanimous", { quorum: 2 }] as const);
        const electorate = all.map(({ messenger }) => messenger.id);
        const vote = at(all, 0).votes.propose(kind, { keeper: "ada" }, { rule, electorate, timeoutMs: 5_000 });
        for (let i = 0; i < 6; i++) {
          const [one, other] = [random.below(4), random.below(4)];
          if (one !== other) network[random.chance(0.5) ? "cut" : "connect"](network.idOf(one), network.idOf(other));
          if (random.chance(0.1)) network.crash(network.idOf(1 + random.below(3)));
          await network.clock.pass(random.below(400));
        }
        const outcome = await network.clock.settled(vote);
        if (outcome.certificate === undefined) return;
        const proof = await verifyCertificate(outcome.certificate, { electorate, ed25519: network.ed25519 });
        expect(proof.ok && proof.value.decision).toBe(outcome.end);
      }),
      { numRuns: runs },
    );
  }, 3_600_000);
});

describe("a liar in a vote", () => {
  const nobody: Proposal = {
    kind,
    body: { keeper: "ada" },
    rule: "majority",
    electorate: [],
    proposer: "" as Proposal["proposer"],
    nonce: new Uint8Array(16),
    timeoutMs: 1_000,
  };

  it("that forges, replays or doubles a ballot is refused, counted, and what it signed is kept", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", undefined, undefined]);
    const [a, liar] = [at(all, 0), at(all, 1)];
    for (const number of [1, 2]) at(all, number).votes.onProposal(kind, schema, () => new Promise(() => {}));
    const doubled: string[] = [];
    a.votes.on("doubled", ({ voter, ballots }) => doubled.push(voter, ...ballots.map(({ choice }) => choice)));
    const early = await propose(network, a, { rule: { quorum: 1 } });
    const vote = a.votes.propose(kind, { keeper: "ada" }, { timeoutMs: 2_000 });
    await network.clock.pass(50);
    const hash = proposalHash(latest.get(liar.messenger) as SignedProposal);
    const send = (proposal: Uint8Array, choice: Choice, s: Uint8Array) =>
      liar.messenger.send(a.messenger.id, votesProtocol.ballot, { proposal, choice: byteOf(choice), s });
    const identity = network.identity(1);
    // Another's ballot, one for an earlier proposal, and two of its own.
    await send(hash, "yes", await signBallot(network.identity(2), hash, "yes"));
    await send(hash, "yes", await signBallot(identity, proposalHash({ b: new Uint8Array(1), s: hash }), "yes"));
    await send(new Uint8Array(32), "yes", await signBallot(identity, new Uint8Array(32), "yes"));
    await send(hash, "no", await signBallot(identity, hash, "no"));
    await send(hash, "yes", await signBallot(identity, hash, "yes"));
    const outcome = await network.clock.settled(vote);
    expect(early.end).toBe("accepted");
    expect(outcome.end).toBe("timed-out");
    expect(outcome.missing.get(liar.messenger.id)).toBe("doubled");
    expect(doubled).toEqual([liar.messenger.id, "no", "yes"]);
    expect(a.votes.refused).toEqual({ forged: 2, "unknown-proposal": 1 });
  });

  it("that proposes in another's name, to others, or the same in two ways is refused by those it asks", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", "yes", "yes"]);
    const [a, liar] = [at(all, 0), at(all, 1)];
    const ids = all.map(({ messenger }) => messenger.id);
    const say = async (fields: Partial<Proposal>, signer = 1) => {
      const proposal = { ...nobody, electorate: ids, proposer: liar.messenger.id, ...fields };
      const signed = await signProposal(network.identity(signer), proposal);
      await liar.messenger.send(a.messenger.id, votesProtocol.propose, signed);
      await network.clock.pass(10);
    };
    await say({ proposer: network.idOf(2) }, 2);
    await say({ proposer: network.idOf(2) });
    await say({ electorate: ids.slice(1) });
    await say({});
    await say({ electorate: ids.slice(0, 2) });
    expect(a.votes.refused).toEqual({ "not-proposer": 1, forged: 1, "not-elector": 1, altered: 1 });
    // Both are signed by it: whoever sees the two knows.
    expect(a.votes.evidence.at(-1)?.claim).toHaveLength(2);
  });

  it("that tells another outcome than its certificate shows is refused", async () => {
    const network = new IdentityNetwork();
    const all = agents(network, ["yes", "yes", "yes"]);
    const [a, b] = [at(all, 0), at(all, 1)];
    const told: string[] = [];
    b.votes.on("outcome", ({ end }) => told.push(end));
    const { certificate } = await propose(network, a);
    const signed = latest.get(b.messenger) as SignedProposal;
    const lie = { proposal: proposalHash(signed), end: "rejected" as const, certificate: certificate as Uint8Array };
    await a.messenger.send(b.messenger.id, votesProtocol.outcome, lie);
    await network.clock.pass(50);
    expect(told).toEqual(["accepted"]);
    expect(b.votes.refused).toEqual({ contradicted: 1 });
  });
});
