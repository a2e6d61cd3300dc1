import type { Clock, FrameSink, Peer, RelayUsage } from "@skein/client";
import type { Rejected } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { type RelayMode, startRelay } from "./core/relay-policy.js";
import { RelayPath } from "./relay-path.js";
import { UsageMeter } from "./usage-meter.js";

/** Time that stands still until it is told to pass. */
class StillClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly ring: () => void }[] = [];

  nowMs = () => this.#nowMs;
  wallMs = () => this.#nowMs;

  after(delayMs: number, ring: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, ring };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#nowMs = due.atMs;
      due.ring();
    }
    this.#nowMs = untilMs;
  }
}

/** One side: its relay path, and a link that greets on each channel and takes down what comes. */
class Side {
  readonly path: RelayPath;
  readonly heard: string[] = [];
  readonly usage: RelayUsage[] = [];
  readonly rejections: Rejected[] = [];
  readonly underWay: Uint8Array[] = [];
  isServerThere = true;
  sink: FrameSink | undefined;
  #opened = 0;

  constructor(clock: Clock, name: string, mode: RelayMode, warnAtBytes: number[] = []) {
    const close = (reason: string) => {
      if (this.sink === undefined) return;
      this.sink = undefined;
      this.heard.push(`lost: ${reason}`);
      this.path.lost();
    };
    this.path = new RelayPath(
      {
        peer: undefined as unknown as Peer,
        clock,
        roll: () => 1,
        seal: (body) => body,
        unseal: (value) => ({ ok: true, value }),
        open: (sink) => {
          this.sink = sink;
          const hello = `hello ${name}${++this.#opened}`;
          queueMicrotask(() => this.send(hello));
          return {
            receive: (frame) => this.heard.push(new TextDecoder().decode(frame)),
            resume: () => {},
            lose: close,
          };
        },
        forward: (body) => {
          if (this.isServerThere) this.underWay.push(body);
          return this.isServerThere;
        },
        used: (usage) => this.usage.push(usage),
        rejected: (rejection) => this.rejections.push(rejection),
      },
      startRelay(mode, 10_000),
      new UsageMeter(warnAtBytes),
    );
  }

  send(text: string): void {
    this.sink?.send(new TextEncoder().encode(text));
  }
}

function twoSides(modes: readonly [RelayMode, RelayMode] = ["fallback", "fallback"], warnAtBytes?: number[]) {
  const clock = new StillClock();
  const sides = [new Side(clock, "a", modes[0], warnAtBytes), new Side(clock, "b", modes[1])] as const;
  /** Carries all that is under way, both ways, until nothing is. */
  const settle = async () => {
    for (let rest = 0; rest < 2; rest++) {
      await Promise.resolve();
      for (const [from, to] of [sides, [sides[1], sides[0]]] as const) {
        for (const body of from.underWay.splice(0)) {
          to.path.receive(body);
          rest = -1;
        }
      }
    }
  };
  return { clock, sides, settle };
}

const open = async (modes?: readonly [RelayMode, RelayMode], warnAtBytes?: number[]) => {
  const world = twoSides(modes, warnAtBytes);
  world.sides[0].path.direct("failed");
  await world.settle();
  return world;
};

describe("a relay path", () => {
  it("opens on both sides where one wants it", async () => {
    const { sides } = await open();
    expect(sides.map(({ heard }) => heard)).toEqual([["hello b1"], ["hello a1"]]);
  });

  it("is one channel where both open it at the same instant", async () => {
    const { sides, settle } = twoSides(["first", "first"]);
    for (const { path } of sides) path.direct("trying");
    await settle();
    sides[0].send("one");
    await settle();
    expect(sides.map(({ heard }) => heard)).toEqual([["hello b1"], ["hello a1", "one"]]);
  });

  it("opens after 10 s without a direct path, and no sooner", async () => {
    const { clock, sides, settle } = twoSides();
    for (const { path } of sides) path.direct("trying");
    clock.pass(9_999);
    await settle();
    expect(sides[1].heard).toEqual([]);
    clock.pass(1);
    await settle();
    expect(sides[1].heard).toEqual(["hello a1"]);
  });

  it("begins another channel where something was lost, and delivers nothing of the broken one", async () => {
    const { clock, sides, settle } = await open();
    sides[0].send("lost");
    sides[0].underWay.length = 0;
    sides[0].send("behind it");
    await settle();
    clock.pass(1_000);
    await settle();
    expect(sides[1].heard).toEqual(["hello a1", "lost: something was lost on its way", "hello a2"]);
    expect(sides[0].heard).toEqual(["hello b1", "lost: the peer opened another", "hello b2"]);
    sides[1].send("again");
    await settle();
    expect(sides[0].heard.at(-1)).toBe("again");
  });

  it("tells the other side, which doesn't know yet, that its channel is over", async () => {
    const { sides, settle } = await open();
    sides[1].sink = undefined;
    sides[1].path.lost();
    sides[0].send("into the void");
    await settle();
    expect(sides.map(({ heard }) => heard.at(-1))).toEqual(["hello b2", "hello a2"]);
  });

  it("is lost with the server, and back with it", async () => {
    const { sides, settle } = await open();
    sides[0].isServerThere = false;
    sides[0].path.server("away");
    sides[0].path.server("away");
    await settle();
    expect(sides[0].heard).toEqual(["hello b1", "lost: the server is away"]);
    sides[0].isServerThere = true;
    sides[0].path.server("back");
    await settle();
    expect(sides.map(({ heard }) => heard.at(-1))).toEqual(["hello b2", "hello a2"]);
  });

  it("refuses a frame where there is no connection to the server: its path has to end", async () => {
    const { sides } = await open();
    sides[0].isServerThere = false;
    expect(() => sides[0].send("x")).toThrow("the server is away");
  });

  it("is lost where the server couldn't deliver, and only if something of its own is under way", async () => {
    const { clock, sides, settle } = await open();
    sides[1].send("all is acknowledged");
    await settle();
    sides[1].send("twice");
    await settle();
    sides[0].path.undeliverable("gone");
    expect(sides[0].heard).not.toContain("lost: the server can't deliver to the peer (gone)");
    sides[0].send("x");
    sides[0].path.undeliverable("busy");
    expect(sides[0].heard.at(-1)).toBe("lost: the server can't deliver to the peer (busy)");
    clock.pass(250);
    await settle();
    expect(sides.map(({ heard }) => heard.at(-1))).toEqual(["hello b2", "hello a2"]);
  });

  it("stays open when a direct path comes, and when that fails", async () => {
    const { sides, settle } = await open();
    for (const news of ["trusted", "suspect", "down", "failed"] as const) sides[0].path.direct(news);
    sides[0].send("still here");
    await settle();
    expect(sides[1].heard).toEqual(["hello a1", "still here"]);
  });

  it("says how much is under way, until it is acknowledged", async () => {
    const { sides, settle } = await open();
    const before = sides[0].sink?.bufferedAmount ?? 0;
    for (let i = 0; i < 3; i++) sides[0].sink?.send(new Uint8Array(64 * 1024));
    expect(sides[0].sink?.bufferedAmount).toBe(before + 3 * 64 * 1024);
    await settle();
    expect(sides[0].sink?.bufferedAmount).toBeLessThanOrEqual(64 * 1024 + before);
  });

  it("counts what it can't read", async () => {
    const { sides } = await open();
    sides[0].path.receive(Uint8Array.of(0x80));
    sides[0].path.receive(new Uint8Array(70_000));
    expect(sides[0].rejections.map(({ code }) => code)).toEqual(["malformed", "over-limit"]);
  });

  it("tells its cost where a threshold is passed, each once", async () => {
    const { clock, sides, settle } = await open(["first", "first"], [2_000, 500, 1_000]);
    clock.pass(1_000);
    for (let i = 0; i < 30; i++) sides[0].send("x".repeat(100));
    await settle();
    expect(sides[0].usage.map(({ thresholdBytes }) => thresholdBytes)).toEqual([500, 1_000, 2_000]);
    expect(sides[0].usage[0]?.bytes).toBeGreaterThanOrEqual(500);
    expect(sides[0].usage.at(-1)?.bytesPerSecond).toBeGreaterThanOrEqual(200);
  });

  it("has no timer and says nothing once it is closed", async () => {
    const { clock, sides, settle } = await open();
    sides[0].path.close();
    sides[0].path.direct("failed");
    sides[1].send("anyone?");
    await settle();
    clock.pass(60_000);
    expect(sides[0].underWay).toEqual([]);
  });
});
