import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answerMs,
  connectMs,
  doubtfulAnswerMs,
  type ReconnectEffect,
  type ReconnectEvent,
  type ReconnectState,
  reconnectDeadline,
  silenceMs,
  startReconnect,
  stepReconnect,
} from "./reconnect.js";

const lost = (roll = 1, afterMs?: number): ReconnectEvent => ({ type: "lost", roll, afterMs });
const woke: ReconnectEvent = { type: "woke" };
const joined: ReconnectEvent = { type: "joined" };
const heard: ReconnectEvent = { type: "heard" };
const online: ReconnectEvent = { type: "online" };
const draining = (afterMs: number): ReconnectEvent => ({ type: "draining", afterMs });
const end: ReconnectEvent = { type: "end" };

/** Feeds events, each at its deadline where it is a `woke`, a millisecond later otherwise. */
function run(...events: readonly ReconnectEvent[]) {
  let { state, effects } = startReconnect(0);
  let nowMs = 0;
  for (const event of events) {
    nowMs = event.type === "woke" ? (reconnectDeadline(state)?.atMs ?? nowMs) : nowMs + 1;
    ({ state, effects } = stepReconnect(state, event, nowMs));
  }
  return { state, effects, nowMs, deadlineMs: reconnectDeadline(state)?.atMs };
}

describe("reconnecting", () => {
  it("starts by connecting", () => {
    expect(run()).toMatchObject({
      state: { phase: "connecting" },
      effects: [{ type: "connect" }],
      deadlineMs: connectMs,
    });
  });

  it.each<[string, ReconnectEvent[], ReconnectEffect["type"][]]>([
    ["connecting + joined -> joined", [joined], []],
    ["connecting + lost -> waiting", [lost()], []],
    ["connecting + heard -> connecting", [heard], []],
    ["connecting + online -> connecting", [online], []],
    ["connecting + woke -> connecting", [woke], ["drop"]],
    ["connecting + end -> ended", [end], []],
    ["joined + lost -> waiting", [joined, lost()], []],
    ["joined + heard -> joined", [joined, heard], []],
    ["joined + woke -> joined", [joined, woke], ["ping"]],
    ["joined, asked + woke -> joined", [joined, woke, woke], ["drop"]],
    ["joined, asked and heard + woke -> joined", [joined, woke, heard, woke], ["ping"]],
    ["joined + online -> joined", [joined, online], ["ping"]],
    ["joined, asked + online -> joined", [joined, woke, online], []],
    ["joined + joined -> joined", [joined, joined], []],
    ["joined + end -> ended", [joined, end], []],
    ["joined + draining -> joined", [joined, draining(100)], []],
    ["joined, draining + woke -> joined", [joined, draining(100), woke], ["drop"]],
    ["joined, draining + lost -> waiting", [joined, draining(100), lost()], []],
    ["waiting + draining -> waiting", [lost(), draining(0)], []],
    ["connecting + draining -> connecting", [draining(0)], []],
    ["waiting + woke -> connecting", [lost(), woke], ["connect"]],
    ["waiting + online -> connecting", [lost(), online], ["connect"]],
    ["waiting + lost -> waiting", [lost(), lost()], []],
    ["waiting + heard -> waiting", [lost(), heard], []],
    ["waiting + end -> ended", [lost(), end], []],
    ["ended + woke -> ended", [end, woke], []],
    ["ended + online -> ended", [end, online], []],
    ["ended + joined -> ended", [end, joined], []],
    ["ended + lost -> ended", [end, lost()], []],
  ])("%s", (name, events, effects) => {
    const after = run(...events);
    expect(after.state.phase).toBe(name.split("-> ")[1]);
    expect(after.effects.map(({ type }) => type)).toEqual(effects);
  });

  it("asks a connection that is silent, and drops it where nothing comes back", () => {
    const asked = run(joined, woke);
    expect(asked.nowMs).toBe(1 + silenceMs);
    expect(asked.deadlineMs).toBe(1 + silenceMs + answerMs);
    expect(run(joined, woke, woke).effects).toEqual([{ type: "drop", reason: "the server stopped answering" }]);
  });

  it("drops a dead connection in time, however often the platform says that it is online", () => {
    let { state } = run(joined, online);
    const untilMs = 2 + doubtfulAnswerMs;
    for (let nowMs = 1_000; nowMs < untilMs; nowMs += 1_000) state = stepReconnect(state, online, nowMs).state;
    expect(stepReconnect(state, woke, untilMs - 1).effects).toEqual([]);
    expect(stepReconnect(state, woke, untilMs).effects.map(({ type }) => type)).toEqual(["drop"]);
  });

  it("gives a connection its time from the socket's opening to the end of the join", () => {
    expect(run(heard, heard).deadlineMs).toBe(connectMs);
    expect(run(woke).effects).toEqual([{ type: "drop", reason: "no answer within 10 s" }]);
  });

  it("waits anywhere from nothing to a ceiling that doubles from 0.5 s to 15 s", () => {
    const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000];
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(ceilings.length - 1), (roll, failures) => {
        const again = Array.from({ length: failures }, () => [lost(), woke]).flat();
        const after = run(joined, lost(0), woke, ...again, lost(roll));
        const ceiling = ceilings[Math.min(failures + 1, ceilings.length - 1)] as number;
        expect((after.deadlineMs ?? 0) - after.nowMs).toBeCloseTo(roll * ceiling, 5);
      }),
    );
  });

  it("waits as long as the server asked for, where that is longer", () => {
    const late = run(joined, lost(1, 60_000));
    expect((late.deadlineMs ?? 0) - late.nowMs).toBe(60_000);
    const soon = run(joined, lost(1, 1));
    expect((soon.deadlineMs ?? 0) - soon.nowMs).toBe(500);
  });

  it("doesn't come back before the server wants it, whatever the platform says", () => {
    const early = run(joined, lost(1, 60_000), online);
    expect(early).toMatchObject({ state: { phase: "waiting" }, effects: [] });
    expect(early.deadlineMs).toBe(2 + 60_000);
    // Jitter alone is no wish of the server's.
    expect(stepReconnect(run(joined, lost(1, 100)).state, online, 200).effects).toEqual([{ type: "connect" }]);
  });

  it("goes when a server that stops wants it to, and is back at once", () => {
    const told = run(joined, draining(5_000));
    expect(told.deadlineMs).toBe(told.nowMs + 5_000);
    const gone = run(joined, draining(5_000), woke);
    expect(gone.effects).toEqual([{ type: "drop", reason: "the server stops" }]);
    expect(stepReconnect(gone.state, lost(1), gone.nowMs).effects).toEqual([{ type: "connect" }]);
  });

  it("notices that a server which stops is dead, where that comes first", () => {
    expect(run(joined, draining(60_000)).deadlineMs).toBe(1 + silenceMs);
    expect(run(joined, draining(60_000), woke).effects).toEqual([{ type: "ping" }]);
  });

  it("waits longer each time for a server that lets us in and drops us at once", () => {
    const waits = Array.from({ length: 8 }, (_, times) => {
      const before = Array.from({ length: times }, () => [joined, lost(), woke]).flat();
      const after = run(...before, joined, lost());
      return (after.deadlineMs ?? 0) - after.nowMs;
    });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it("begins with short waits again after a connection that held", () => {
    const { state, nowMs } = run(lost(), woke, lost(), woke, lost(), woke, joined);
    const after = stepReconnect(state, lost(), nowMs + silenceMs);
    expect((reconnectDeadline(after.state)?.atMs ?? 0) - nowMs - silenceMs).toBe(500);
  });

  it("does nothing when woken early, and always has a deadline until it is ended", () => {
    fc.assert(
      fc.property(anyState(), fc.double({ min: 0, max: 0.999, noNaN: true }), ({ state, nowMs }, part) => {
        const deadline = reconnectDeadline(state);
        expect(deadline).toBeDefined();
        expect(deadline?.atMs).toBeLessThanOrEqual(nowMs + 90_000);
        fc.pre(deadline !== undefined && deadline.atMs > nowMs);
        const early = nowMs + (deadline.atMs - nowMs) * part;
        expect(stepReconnect(state, woke, early)).toEqual({ state, effects: [] });
      }),
    );
  });
});

function anyState(): fc.Arbitrary<{ state: ReconnectState; nowMs: number }> {
  const losing = fc
    .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.option(fc.nat(90_000), { nil: undefined }))
    .map(([roll, afterMs]) => lost(roll, afterMs));
  const event = fc.oneof(fc.constantFrom(woke, woke, joined, heard, online, draining(3_000)), losing);
  return fc.array(fc.tuple(event, fc.nat(20_000)), { maxLength: 30 }).map((events) => {
    let { state } = startReconnect(0);
    let nowMs = 0;
    for (const [next, afterMs] of events) {
      nowMs += afterMs;
      const { state: after, effects } = stepReconnect(state, next, nowMs);
      state = effects.some(({ type }) => type === "drop") ? stepReconnect(after, lost(0.5), nowMs).state : after;
    }
    return { state, nowMs };
  });
}
