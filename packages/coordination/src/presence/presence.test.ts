import { describe, expect, it } from "vitest";
import { MemoryNetwork } from "../simulation/memory-network.test-support.js";
import { VirtualClock } from "../simulation/virtual-clock.test-support.js";
import { createPresence } from "./presence.js";
import { presenceProtocol } from "./protocol.js";

function world(seed = 1) {
  const clock = new VirtualClock();
  return { clock, network: new MemoryNetwork(clock, seed) };
}

describe("presence", () => {
  it("tells everyone what we can do, whoever of them began to listen first", async () => {
    const { clock, network } = world();
    const [a, b] = [network.join(1), network.join(2)];
    const first = createPresence(a, { clock, capabilities: ["ocr"], load: 0.25, meta: { gpu: true } });
    await clock.pass(1_000);
    const second = createPresence(b, { clock, capabilities: ["index"] });
    await clock.pass(1_000);
    expect(second.find({ capabilities: ["ocr"] })).toMatchObject([{ id: a.id, load: 0.25, meta: { gpu: true } }]);
    expect(first.find({ capabilities: ["index"] })).toMatchObject([{ id: b.id, load: 0 }]);
    expect(first.find({ capabilities: ["index", "ocr"] })).toEqual([]);
  });

  it("gives the least busy first", async () => {
    const { clock, network } = world();
    const here = createPresence(network.join(1), { clock });
    [0.5, 0.1, 0.9].map((load, index) => createPresence(network.join(index + 2), { clock, load }));
    await clock.pass(10);
    expect(here.find().map(({ load }) => load)).toEqual([0.1, 0.5, 0.9]);
    expect(here.find({ loadMost: 0.5 })).toHaveLength(2);
  });

  it("tells when somebody comes, changes, leaves, and when it was last heard", async () => {
    const { clock, network } = world();
    const here = createPresence(network.join(1), { clock });
    const seen: string[] = [];
    here.on("joined", () => seen.push("joined"));
    here.on("changed", ({ peer, before }) => seen.push(`changed ${before.load} -> ${peer.load}`));
    here.on("left", () => seen.push("left"));
    const other = network.join(2);
    const there = createPresence(other, { clock, load: 0.1 });
    await clock.pass(500);
    there.update({ load: 0.2 });
    await clock.pass(500);
    network.crash(other.id);
    await clock.pass(1);
    expect(seen).toEqual(["joined", "changed 0 -> 0.1", "changed 0.1 -> 0.2", "left"]);
    expect(here.lastSeenMs(other.id)).toBe(clock.wallMs() - 1);
    expect(here.peers).toEqual([]);
  });

  it("knows by its card whoever speaks no presence", () => {
    const { clock, network } = world();
    const here = createPresence(network.join(1), { clock });
    network.join(2, { name: "moss", caps: ["chat"] });
    expect(here.find({ capabilities: ["chat"] })).toMatchObject([{ name: "moss", load: 0 }]);
  });

  it("says a hundred changes in a row as a few, and the last of them for certain", async () => {
    const { clock, network } = world();
    const here = createPresence(network.join(1), { clock });
    const there = createPresence(network.join(2), { clock });
    await clock.pass(1_000);
    const before = network.sent;
    for (let load = 0; load <= 100; load++) there.update({ load });
    await clock.pass(1_000);
    expect(network.sent - before).toBe(2);
    expect(here.peers[0]?.load).toBe(100);
  });

  it("provides a capability until it is taken back, as often as it was provided", async () => {
    const { clock, network } = world();
    const here = createPresence(network.join(1), { clock, capabilities: ["a"] });
    const [once, twice] = [here.provide("b"), here.provide("b")];
    expect(here.own.capabilities).toEqual(["a", "b"]);
    once();
    once();
    expect(here.own.capabilities).toEqual(["a", "b"]);
    twice();
    expect(here.own.capabilities).toEqual(["a"]);
  });

  it("refuses what others would turn away", () => {
    const { clock, network } = world();
    const here = createPresence(network.join(1), { clock });
    expect(() => here.update({ load: -1 })).toThrow(expect.objectContaining({ code: "bad-argument" }));
    expect(() => here.update({ load: Number.NaN })).toThrow(expect.objectContaining({ code: "bad-argument" }));
    expect(() => here.update({ capabilities: [""] })).toThrow(expect.objectContaining({ code: "bad-argument" }));
    expect(() => here.update({ meta: "x".repeat(5_000) })).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(() => here.update({ meta: () => {} })).toThrow(expect.objectContaining({ code: "bad-body" }));
    const many = Array.from({ length: 65 }, (_, index) => `capability-${index}`);
    expect(() => here.update({ capabilities: many })).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(here.own).toEqual({ capabilities: [], load: 0 });
  });

  it("turns away a status that is too much, and keeps what it knew", async () => {
    const { clock, network } = world();
    const node = network.join(1);
    const here = createPresence(node, { clock });
    const liar = network.join(2);
    const wrong = [
      { capabilities: Array.from({ length: 65 }, () => "x"), load: 0 },
      { capabilities: [], load: Number.POSITIVE_INFINITY },
      { capabilities: [], load: -1 },
      { capabilities: [], load: 0, meta: "x".repeat(100_000) },
    ];
    // Its own software checks nothing.
    const careless = { ...presenceProtocol.status, schema: (value: unknown) => value };
    for (const body of wrong) await liar.send(node.id, careless, body);
    await clock.pass(10);
    expect(node.refused).toBe(wrong.length);
    expect(here.peers).toMatchObject([{ capabilities: [], load: 0 }]);
  });

  it("leaves no timer behind when it is closed, and says so to who goes on", async () => {
    const { clock, network } = world();
    network.join(2);
    const here = createPresence(network.join(1), { clock });
    here.update({ load: 1 });
    here.update({ load: 2 });
    await here.close();
    await clock.pass(10);
    expect(clock.armed).toBe(0);
    expect(() => here.update({})).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("comes to the truth about everyone after any cuts, crashes and delays", { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { clock, network } = world(seed);
      network.delayMs = (random) => random.below(300);
      network.noticeMs = (random) => random.below(5_000);
      const { random } = network;
      const members = new Map([1, 2, 3, 4].map((number) => [number, present(number)]));
      function present(number: number) {
        const node = network.join(number);
        return { node, presence: createPresence(node, { clock, load: random.below(100) }) };
      }
      for (let step = 0; step < 30; step++) {
        const [number, other] = [1 + random.below(4), 1 + random.below(4)];
        const what = random.below(4);
        if (what === 0) members.get(number)?.presence.update({ load: random.below(100) });
        if (what === 1 && number !== other) network.cut(network.idOf(number), network.idOf(other));
        if (what === 2 && number !== other) network.connect(network.idOf(number), network.idOf(other));
        if (what === 3 && random.chance(0.2)) {
          network.crash(network.idOf(number));
          members.set(number, present(number));
        }
        await clock.pass(random.below(400));
      }
      for (const a of members.keys())
        for (const b of members.keys()) if (a < b) network.connect(network.idOf(a), network.idOf(b));
      await clock.pass(10_000);
      for (const [number, { presence }] of members) {
        const expected = [...members].filter(([other]) => other !== number);
        for (const [, { node, presence: theirs }] of expected) {
          expect(presence.get(node.id)?.load, `seed ${seed}`).toBe(theirs.own.load);
        }
        expect(presence.peers, `seed ${seed}`).toHaveLength(3);
      }
    }
  });
});
