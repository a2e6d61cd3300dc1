import type { IceServer, Signal } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeNetwork } from "../engine/fake-engine.test-support.js";
import { TestClock, turn, until } from "../testing.test-support.js";
import { DirectPath } from "./direct-path.js";

/** One end of a direct path, and what it told. */
interface End {
  readonly path: DirectPath;
  readonly told: string[];
  /** Signals under way to the other end. */
  readonly sent: Signal[];
  readonly isOpen: () => boolean;
}

function twoEnds(
  options: { rollback?: boolean; preferred?: readonly [boolean, boolean]; iceServers?: () => IceServer[] } = {},
) {
  const { rollback = true, preferred = [true, false], iceServers = () => [] } = options;
  const clock = new TestClock();
  const network = new FakeNetwork();
  const make = (index: 0 | 1): End => {
    const told: string[] = [];
    const sent: Signal[] = [];
    let state: "open" | "closed" = "closed";
    const path: DirectPath = new DirectPath({
      engine: network.engine({ rollback }),
      iceServers,
      polite: index === 1,
      preferred: preferred[index],
      generation: 0,
      clock,
      roll: () => 0.5,
      send: (signal) => sent.push(signal),
      listener: {
        channelOpened: () => {
          state = "open";
          told.push("opened");
          path.confirm();
        },
        refused: () => {},
        attemptFailed: () => told.push("failed"),
        denounced: (reason) => told.push(`denounced: ${reason}`),
        channelLost: (reason) => {
          state = "closed";
          told.push(`lost: ${reason}`);
        },
      },
    });
    return { path, told, sent, isOpen: () => state === "open" };
  };
  const ends = [make(0), make(1)] as const;
  const start = () => {
    for (const { path } of ends) path.start();
  };
  /** Carries signals and lets the engines work until both rest. */
  const settle = async () => {
    for (let rest = 0; rest < 2; rest++) {
      for (const [from, to] of [ends, [ends[1], ends[0]]] as const) {
        const [signal] = from.sent;
        if (signal === undefined) continue;
        from.sent.shift();
        to.path.receive(signal);
        rest = -1;
      }
      await turn();
    }
  };
  return { clock, network, ends, start, settle };
}

describe("a direct path", () => {
  it("opens by the preferred side's offer alone", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    start();
    await settle();
    expect(ends.map(({ told }) => told)).toEqual([["opened"], ["opened"]]);
    expect(network.connections).toHaveLength(2);
    expect(network.violations).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it.each([true, false])("opens once when both dial at the same instant (rollback: %s)", async (rollback) => {
    const { network, ends, start, settle } = twoEnds({ rollback, preferred: [true, true] });
    start();
    await settle();
    expect(ends.every(({ isOpen }) => isOpen())).toBe(true);
    expect(ends.map(({ told }) => told.filter((word) => word === "opened"))).toEqual([["opened"], ["opened"]]);
    expect(network.open).toHaveLength(2);
    expect(network.violations).toEqual([]);
  });

  it("is dialled by the other side when nothing comes", async () => {
    const { ends, start, settle, clock } = twoEnds({ preferred: [false, false] });
    start();
    await settle();
    expect(ends.every(({ isOpen }) => isOpen())).toBe(false);
    await clock.pass(2_000);
    await settle();
    expect(ends.every(({ isOpen }) => isOpen())).toBe(true);
  });

  it("gives an attempt up after 15 s, and tries again", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    ends[0].path.start();
    await turn();
    ends[0].sent.length = 0;
    await clock.pass(15_000);
    expect(ends[0].told).toEqual(["lost: the attempt took too long", "failed"]);
    expect(network.open).toEqual([]);
    start();
    await clock.pass(1_000);
    await settle();
    expect(ends.every(({ isOpen }) => isOpen())).toBe(true);
  });

  it("comes back after either side's engine says that it failed", async () => {
    for (const index of [0, 1] as const) {
      const { network, ends, start, settle, clock } = twoEnds();
      start();
      await settle();
      network.open[index]?.fail();
      await settle();
      await clock.pass(3_000);
      await settle();
      expect(ends.every(({ isOpen }) => isOpen())).toBe(true);
      expect(network.open).toHaveLength(2);
    }
  });

  it("comes back when one side dials anew while the other still trusts the old path", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    start();
    await settle();
    // Nobody tells the second side.
    network.isCut = true;
    ends[0].path.abandon("it stopped answering");
    await turn();
    ends[0].sent.length = 0;
    network.isCut = false;
    await clock.pass(500);
    await settle();
    expect(ends[1].told).toEqual(["opened", "lost: another connection took its place", "opened"]);
    expect(ends.every(({ isOpen }) => isOpen())).toBe(true);
  });

  it("gives up a connection that more is asked of at once than it will ever do", async () => {
    const { ends, start, settle } = twoEnds();
    start();
    await until(() => ends[0].sent.some(({ t }) => t === "offer"));
    const offer = ends[0].sent.find(({ t }) => t === "offer");
    await settle();
    if (offer?.t !== "offer") throw new Error("the first signal is no offer");
    for (let n = 1; n <= 5_000; n++) ends[1].path.receive({ ...offer, n });
    await settle();
    expect(ends[1].told).toContain("lost: too much was asked of it at once");
  });

  it("restarts over the connections there are, by either side or both at once", async () => {
    for (const restarting of [[0], [1], [0, 1]] as const) {
      const { network, ends, start, settle, clock } = twoEnds();
      start();
      await settle();
      network.breakWays();
      for (const index of restarting) ends[index].path.restart();
      await settle();
      expect(network.connections.map(({ way }) => way)).toEqual(["open", "open"]);
      expect(ends.map(({ told }) => told)).toEqual([["opened"], ["opened"]]);
      expect(ends.map(({ path }) => path.generation)).toEqual([1, 1]);
      expect(network.violations).toEqual([]);
      expect(clock.armed).toBe(0);
    }
  });

  it("restarts, on both sides, with the ICE servers of then: the credentials of the start may be over", async () => {
    const named = (credential: string) => [{ urls: ["turn:a"], username: "u", credential }];
    for (const isKept of [false, true]) {
      let servers = named("first");
      const { network, ends, start, settle } = twoEnds({ iceServers: () => servers });
      start();
      await settle();
      servers = named("second");
      const given = () => network.connections.map(({ configuration }) => configuration.iceServers);
      expect(given()).toEqual([named("first"), named("first")]);
      network.breakWays();
      // An engine that doesn't take them restarts all the same.
      network.keepsConfigurations = isKept;
      ends[0].path.restart();
      await settle();
      expect(network.connections.map(({ way }) => way)).toEqual(["open", "open"]);
      const expected = named(isKept ? "first" : "second");
      expect(given()).toEqual([expected, expected]);
    }
  });

  it("restarts again where the first restart's signals were lost", async () => {
    const { network, ends, start, settle } = twoEnds();
    start();
    await settle();
    network.breakWays();
    ends[1].path.restart();
    await turn();
    ends[1].sent.length = 0;
    ends[1].path.restart();
    await settle();
    expect(network.connections.map(({ way }) => way)).toEqual(["open", "open"]);
    expect(network.violations).toEqual([]);
  });

  it("doesn't restart before it is open, nor where the engine can't", async () => {
    const { network, ends, start, settle } = twoEnds({ rollback: false });
    start();
    await turn();
    ends[0].path.restart();
    await settle();
    ends[0].path.restart();
    await turn();
    expect(ends[0].sent).toEqual([]);
    ends[0].path.receive({ t: "offer", g: 1, n: 1, sdp: "v=0\r\na=ice-ufrag:x\r\n" });
    await settle();
    expect(ends.map(({ told }) => told)).toEqual([["opened"], ["opened"]]);
    expect(network.violations).toEqual([]);
  });

  it("is denounced once the engine has said for 2 s that it is disconnected, and stays open", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    start();
    await settle();
    const [connection] = network.connections;
    connection?.waver("disconnected");
    await clock.pass(1_999);
    connection?.waver("connected");
    await clock.pass(2_000);
    expect(ends[0].told).toEqual(["opened"]);
    connection?.waver("disconnected");
    await clock.pass(2_000);
    expect(ends[0].told).toEqual(["opened", "denounced: the engine says disconnected"]);
    expect(clock.armed).toBe(0);
  });

  it("that isn't there is tried for anew on a retry, and nothing has failed by that", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    start();
    await turn();
    ends[0].sent.length = 0;
    for (let flap = 0; flap < 20; flap++) {
      ends[0].path.retry("the server is back");
      await turn();
      ends[0].sent.length = 0;
    }
    expect(network.open).toEqual([]);
    await clock.pass(250);
    await settle();
    expect(ends.map(({ told }) => told)).toEqual([["opened"], ["opened"]]);
    ends[0].path.retry("the server is back");
    await settle();
    expect(ends[0].isOpen()).toBe(true);
  });

  it("counts each loss once", async () => {
    const { network, ends, start, settle } = twoEnds();
    start();
    await settle();
    network.open[0]?.fail();
    await settle();
    expect(ends.map(({ told }) => told.length)).toEqual([2, 2]);
  });

  it("waits and tries again where the platform refuses a connection, and nothing throws", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    network.refuses = new Error("an ICE server's address that can't be read");
    start();
    await settle();
    expect(ends[0].told).toEqual(["lost: the platform refused a connection (Error)", "failed"]);
    await clock.pass(20_000);
    expect(ends[0].told.length).toBeGreaterThan(3);
    network.refuses = undefined;
    for (let second = 0; second < 20; second++) {
      await clock.pass(1_000);
      await settle();
    }
    expect(ends.every(({ isOpen }) => isOpen())).toBe(true);
  });

  it("closed, closes its connection, wakes nobody and answers nothing", async () => {
    const { network, ends, start, settle, clock } = twoEnds();
    start();
    await settle();
    ends[0].path.close();
    ends[1].path.close();
    const told = ends.map((end) => end.told.length);
    ends[0].path.receive({ t: "offer", g: 9, sdp: "v=0\r\na=ice-ufrag:x\r\n" });
    ends[0].path.abandon("again");
    await clock.pass(60_000);
    expect(network.open).toEqual([]);
    expect(network.connections).toHaveLength(2);
    expect(clock.armed).toBe(0);
    expect(ends[1].told.length).toBe(told[1]);
  });

  it("closed by whoever hears that its channel is lost, leaves no connection open", async () => {
    const clock = new TestClock();
    const network = new FakeNetwork();
    const path: DirectPath = new DirectPath({
      engine: network.engine(),
      iceServers: () => [],
      polite: true,
      preferred: true,
      generation: 0,
      clock,
      roll: () => 0,
      send: () => {},
      listener: {
        channelOpened: () => {},
        refused: () => {},
        attemptFailed: () => {},
        denounced: () => {},
        channelLost: () => path.close(),
      },
    });
    path.start();
    await turn();
    path.receive({ t: "offer", g: 2, sdp: "v=0\r\na=ice-ufrag:x\r\n" });
    await turn();
    expect(network.open).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it("survives any garbage for descriptions and candidates", async () => {
    const g = fc.nat(5);
    const sdp = fc.oneof(fc.string(), fc.constant("v=0\r\na=ice-ufrag:x\r\n"));
    const signal: fc.Arbitrary<Signal> = fc.oneof(
      fc.record({ t: fc.constant("offer" as const), g, n: fc.nat(3), sdp }),
      fc.record({ t: fc.constant("answer" as const), g, n: fc.nat(3), sdp }),
      fc.record({
        t: fc.constant("candidates" as const),
        g,
        u: fc.constantFrom("x", "f1", ""),
        list: fc.array(fc.record({ c: fc.string(), mid: fc.string() }), { maxLength: 3 }),
      }),
      fc.record({ t: fc.constant("bye" as const), g, reason: fc.constant("left") }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(signal, { maxLength: 15 }), async (signals) => {
        const { network, ends, start, settle, clock } = twoEnds();
        for (const garbage of signals) {
          ends[0].path.receive(garbage);
          await turn();
        }
        ends[0].sent.length = 0;
        start();
        // Whatever the garbage began is given up, and the two come together.
        await settle();
        for (let i = 0; i < 60 && !ends.every(({ isOpen }) => isOpen()); i++) {
          await clock.pass(1_000);
          await settle();
        }
        expect(ends.map(({ isOpen }) => isOpen())).toEqual([true, true]);
        for (const { path } of ends) path.close();
        expect(network.open).toEqual([]);
        expect(clock.armed).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("opens in the end, whatever was lost, delayed or broken before", async () => {
    const step = fc.record({
      what: fc.constantFrom("carry", "carry", "lose", "time", "break", "abandon", "bye", "restart", "retry", "waver"),
      which: fc.constantFrom(0, 1),
      ms: fc.integer({ min: 1, max: 6_000 }),
    });
    const worlds = fc.record({ rollback: fc.boolean(), preferred: fc.tuple(fc.boolean(), fc.boolean()) });
    await fc.assert(
      fc.asyncProperty(worlds, fc.array(step, { maxLength: 40 }), async (world, steps) => {
        const { network, ends, start, settle, clock } = twoEnds(world);
        start();
        for (const { what, which, ms } of steps) {
          const from = ends[which as 0 | 1];
          const to = ends[which === 0 ? 1 : 0];
          if (what === "time") await clock.pass(ms);
          if (what === "break") network.open[which]?.fail();
          if (what === "restart") from.path.restart();
          if (what === "retry") from.path.retry("the server is back");
          if (what === "waver") network.open[which]?.waver("disconnected");
          if (what === "abandon") from.path.abandon("a doubt");
          if (what === "bye") to.path.receive({ t: "bye", g: to.path.generation, reason: "left" });
          if (what === "carry" || what === "lose") {
            const signal = from.sent.shift();
            if (signal !== undefined && what === "carry") to.path.receive(signal);
          }
          await turn();
          expect(network.open.length).toBeLessThanOrEqual(2);
        }
        const areOpen = () => ends.every(({ isOpen }) => isOpen()) && network.open.length === 2;
        await settle();
        for (let i = 0; i < 120 && !areOpen(); i++) {
          await clock.pass(1_000);
          await settle();
        }
        expect(areOpen()).toBe(true);
        expect(network.violations).toEqual([]);
        for (const { path } of ends) path.close();
        expect(network.open).toEqual([]);
        expect(clock.armed).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
