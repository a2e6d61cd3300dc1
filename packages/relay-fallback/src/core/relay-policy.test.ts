import type { DirectNews } from "@skein/client";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type RelayEvent,
  type RelayMode,
  type RelayState,
  relayDeadline,
  startRelay,
  stepRelay,
} from "./relay-policy.js";

type Timed = readonly [atMs: number, RelayEvent];

const direct = (news: DirectNews): RelayEvent => ({ type: "direct", news });
const lost: RelayEvent = { type: "lost", roll: 1 };
const called: RelayEvent = { type: "called" };
const away: RelayEvent = { type: "server-away" };
const back: RelayEvent = { type: "server-back" };
const end: RelayEvent = { type: "end" };
const afterMs = 10_000;

/** Feeds events at their times, waking the policy at its deadlines between, up to a time. */
function run(mode: RelayMode, events: readonly Timed[], untilMs = 0) {
  let state: RelayState = startRelay(mode, afterMs);
  const said: string[] = [];
  const feed = (event: RelayEvent, nowMs: number) => {
    const step = stepRelay(state, event, nowMs);
    state = step.state;
    for (const effect of step.effects) said.push(`${effect} ${nowMs}`);
  };
  const wakeUntil = (atMs: number) => {
    for (let due = relayDeadline(state); due !== undefined && due <= atMs; due = relayDeadline(state)) {
      feed({ type: "woke" }, due);
    }
  };
  for (const [atMs, event] of events) {
    wakeUntil(atMs);
    feed(event, atMs);
  }
  wakeUntil(untilMs);
  return { state, said };
}

const trying: Timed = [0, direct("trying")];

describe("the relay policy", () => {
  it.each<[string, RelayMode, Timed[], string[]]>([
    ["fallback: trying -> open after 10 s", "fallback", [trying], ["open 10000"]],
    ["fallback: failed -> open at once", "fallback", [trying, [900, direct("failed")]], ["open 900"]],
    ["fallback: trusted in time -> idle", "fallback", [trying, [9_999, direct("trusted")]], []],
    ["fallback: suspect -> open", "fallback", [trying, [5, direct("trusted")], [6, direct("suspect")]], ["open 6"]],
    ["fallback: down -> open", "fallback", [trying, [5, direct("trusted")], [6, direct("down")]], ["open 6"]],
    ["first: -> open at once", "first", [trying], ["open 0"]],
    ["only: -> open at once", "only", [trying], ["open 0"]],
    [
      "open + trusted -> open",
      "fallback",
      [
        [0, direct("failed")],
        [5, direct("trusted")],
      ],
      ["open 0"],
    ],
    ["open + failed -> open", "first", [trying, [5, direct("failed")]], ["open 0"]],
    ["open + called -> open", "first", [trying, [5, called]], ["open 0"]],
    ["idle + called -> open", "fallback", [trying, [5, direct("trusted")], [6, called]], ["open 6"]],
    ["waiting + called -> open", "fallback", [trying, [6, called]], ["open 6"]],
    ["waiting for the direct path + server back -> waiting", "fallback", [trying, [6, back]], ["open 10000"]],
    ["lost, and needed -> waiting -> open", "first", [trying, [1_000, lost]], ["open 0", "open 1250"]],
    [
      "lost, and not needed -> idle",
      "fallback",
      [
        [0, direct("failed")],
        [1, direct("trusted")],
        [2, lost],
      ],
      ["open 0"],
    ],
    [
      "waiting after a failure + more bad news -> waiting",
      "first",
      [trying, [0, lost], [1, direct("failed")]],
      ["open 0", "open 250"],
    ],
    ["waiting after a failure + server back -> open", "first", [trying, [0, lost], [1, back]], ["open 0", "open 1"]],
    ["open + server away -> unreachable", "first", [trying, [5, away], [6, direct("failed")]], ["open 0", "close 5"]],
    ["unreachable + lost -> unreachable", "first", [trying, [5, away], [6, lost]], ["open 0", "close 5"]],
    ["unreachable + server back -> open", "first", [trying, [5, away], [6, back]], ["open 0", "close 5", "open 6"]],
    [
      "unreachable + server back, trusted -> idle",
      "fallback",
      [trying, [1, direct("trusted")], [5, away], [6, back]],
      [],
    ],
    [
      "ended + anything -> ended",
      "first",
      [
        [0, end],
        [1, direct("failed")],
        [2, called],
        [3, back],
      ],
      [],
    ],
  ])("%s", (_name, mode, events, said) => {
    expect(run(mode, events, 60_000).said).toEqual(said);
  });

  it("waits longer after each loss, up to 10 s, and short again after a channel that held", () => {
    let events: Timed[] = [trying];
    const gaps: number[] = [];
    for (let i = 0; i < 9; i++) {
      const { state } = run("first", events, 1e9);
      const openedMs = state.standing.phase === "open" ? state.standing.sinceMs : Number.NaN;
      const lostMs = openedMs + (i < 8 ? 1 : 10_000);
      events = [...events, [lostMs, lost]];
      gaps.push((relayDeadline(run("first", events).state) ?? 0) - lostMs);
    }
    expect(gaps).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 250]);
  });

  const news = fc.constantFrom<DirectNews>("trying", "failed", "trusted", "suspect", "down").map(direct);
  const event = fc.oneof(news, fc.constantFrom(lost, called, away, back));
  const history = fc.array(fc.tuple(fc.nat(4_000), event), { maxLength: 40 }).map((steps) => {
    let nowMs = 0;
    return steps.map(([afterMs, next]): Timed => {
      nowMs += afterMs;
      return [nowMs, next];
    });
  });

  it("has a channel within 10 s of any history, where the server is there and the direct path isn't", () => {
    fc.assert(
      fc.property(fc.constantFrom<RelayMode>("fallback", "first", "only"), history, (mode, events) => {
        const lastMs = events.at(-1)?.[0] ?? 0;
        const { state } = run(mode, [...events, [lastMs, back], [lastMs, direct("down")]], lastMs + afterMs);
        expect(state.standing.phase).toBe("open");
      }),
    );
  });

  it("closes no channel but for want of a server, whatever becomes of the direct path", () => {
    fc.assert(
      fc.property(fc.constantFrom<RelayMode>("fallback", "first", "only"), fc.array(news), (mode, all) => {
        const events = all.map((next, i): Timed => [i, next]);
        const { state, said } = run(mode, [[0, called], ...events]);
        expect([state.standing.phase, said]).toEqual(["open", ["open 0"]]);
      }),
    );
  });
});
