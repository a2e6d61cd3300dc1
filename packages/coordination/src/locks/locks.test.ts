import type { PeerId } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { IdentityNetwork } from "../agreement/identity-network.test-support.js";
import { createElection, type Election } from "../election/election.js";
import { Fence } from "../election/fence.js";
import type { MemoryMessenger } from "../simulation/memory-network.test-support.js";
import type { Lock } from "./lock.js";
import { createLocks, type Locks } from "./locks.js";
import { locksProtocol } from "./protocol.js";

interface Agent {
  readonly messenger: MemoryMessenger;
  readonly election: Election;
  readonly locks: Locks;
}

async function agents(network: IdentityNetwork, count: number): Promise<Agent[]> {
  const all: Agent[] = [];
  const { clock } = network;
  const quorum = Array.from({ length: count }, (_, number) => network.idOf(number));
  for (let number = 0; number < count; number++) {
    const messenger = network.join(number);
    const signing = { quorum, identity: network.identity(number), ed25519: network.ed25519 };
    const election = await createElection(messenger, { ...signing, startedMs: number, clock });
    all.push({ messenger, election, locks: createLocks(messenger, { election, clock }) });
  }
  // A first leader, and its first lease of waiting.
  await clock.pass(12_000);
  return all;
}

const at = (all: readonly Agent[], number: number): Agent => all[number] as Agent;

describe("locks", () => {
  it("go to one after the other, in the order in which they were asked for", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    const order: number[] = [];
    const fence = new Fence();
    const use = async (number: number): Promise<void> => {
      await using lock = await at(all, number).locks.acquire("index");
      order.push(number);
      expect(fence.admit(lock.token)).toBe(true);
      await network.clock.pass(0);
    };
    const first = await network.clock.settled(at(all, 1).locks.acquire("index"));
    expect(first.isHeld).toBe(true);
    const waits = [];
    for (const number of [2, 0, 1]) {
      waits.push(use(number));
      await network.clock.pass(10);
    }
    expect(order).toEqual([]);
    await first.free();
    expect(first.isHeld).toBe(false);
    await network.clock.pass(1_000);
    expect(order).toEqual([2, 0, 1]);
    await Promise.all(waits);
  });

  it("are held for as long as it takes: they are renewed", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    const lock = await network.clock.settled(at(all, 2).locks.acquire("index", { leaseMs: 1_000 }));
    await network.clock.pass(60_000);
    expect(lock.isHeld).toBe(true);
    expect(at(all, 2).locks.held.map(({ name }) => name)).toEqual(["index"]);
  });

  it("go to the next within a lease and a second, when their holder is killed", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    await network.clock.settled(at(all, 2).locks.acquire("index"));
    const next = at(all, 1).locks.acquire("index");
    await network.clock.pass(100);
    network.crash(at(all, 2).messenger.id);
    const beforeMs = network.clock.nowMs();
    expect((await network.clock.settled(next)).isHeld).toBe(true);
    expect(network.clock.nowMs() - beforeMs).toBeLessThanOrEqual(6_000);
  });

  it("stay with their holder when another leads, which grants nothing before it heard of it", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    const lock = await network.clock.settled(at(all, 2).locks.acquire("index"));
    network.crash(at(all, 0).messenger.id);
    const next = at(all, 1).locks.acquire("index", { timeoutMs: 20_000 });
    await network.clock.pass(15_000);
    expect(at(all, 1).election.isLeader).toBe(true);
    expect(lock.isHeld).toBe(true);
    await lock.free();
    const later = await network.clock.settled(next);
    expect(later.token > lock.token).toBe(true);
  });

  it("go to another where their holder couldn't reach the new leader in time, and it knows; its renewal changes nothing", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 5);
    const [old, next, holder, other] = [0, 1, 2, 3].map((number) => at(all, number));
    const lock = await network.clock.settled(holder?.locks.acquire("index") as Promise<Lock>);
    network.cut(network.idOf(1), network.idOf(2));
    network.crash(old?.messenger.id as PeerId);
    const later = await network.clock.settled(other?.locks.acquire("index", { timeoutMs: 30_000 }) as Promise<Lock>);
    expect(next?.election.isLeader).toBe(true);
    expect([lock.isHeld, lock.signal.aborted]).toEqual([false, true]);
    network.connect(network.idOf(1), network.idOf(2));
    const { token } = lock;
    const renewal = { topic: "leader", lock: "index", t: "renew", claim: 1, n: 9, leaseMs: 1_000, token } as const;
    await holder?.messenger.send(network.idOf(1), locksProtocol.holder, renewal);
    await network.clock.pass(10_000);
    expect([lock.isHeld, later.isHeld, later.token > token]).toEqual([false, true, true]);
  });

  it("tell their holder when they are lost", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    const lock = await network.clock.settled(at(all, 2).locks.acquire("index"));
    for (const number of [0, 1]) network.cut(at(all, 2).messenger.id, at(all, number).messenger.id);
    await network.clock.pass(5_000);
    expect(lock.isHeld).toBe(false);
    expect(lock.signal.aborted).toBe(true);
  });

  it("are waited for until the time is over, or the caller gives up; nobody who gave up gets one", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    const held = await network.clock.settled(at(all, 1).locks.acquire("index"));
    const wait = network.clock.settled(at(all, 2).locks.acquire("index", { timeoutMs: 500 }));
    await expect(wait).rejects.toMatchObject({ code: "timeout" });
    const stop = new AbortController();
    const other = at(all, 0).locks.acquire("index", { signal: stop.signal });
    stop.abort();
    await expect(other).rejects.toMatchObject({ code: "aborted" });
    await held.free();
    await network.clock.pass(100);
    const last = await network.clock.settled(at(all, 1).locks.acquire("index"));
    expect(last.isHeld).toBe(true);
  });

  it("end with what they stand on", async () => {
    const network = new IdentityNetwork();
    const all = await agents(network, 3);
    const [lock] = [await network.clock.settled(at(all, 1).locks.acquire("index"))];
    await expect(at(all, 1).locks.acquire("index", { leaseMs: 9_999 })).rejects.toMatchObject({ code: "bad-argument" });
    expect(() => createLocks(at(all, 1).messenger, { election: at(all, 1).election })).toThrow(/keeps locks already/);
    await at(all, 1).locks.close();
    expect(lock.isHeld).toBe(false);
    await expect(at(all, 1).locks.acquire("index")).rejects.toMatchObject({ code: "closed" });
    for (const { locks, election } of all) {
      await locks.close();
      await election.close();
    }
    await network.clock.pass(100);
    expect(network.clock.armed).toBe(0);
  });
});
