import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  busySilenceMs,
  idleSilenceMs,
  type LivenessEffect,
  type LivenessEvent,
  type LivenessState,
  livenessDeadline,
  lostMs,
  roundTripMs,
  sleptMs,
  startLiveness,
  stepLiveness,
  suspicionMs,
} from "./liveness.js";

const busy: LivenessEvent = { type: "busy" };
const heard: LivenessEvent = { type: "heard" };
const doubt: LivenessEvent = { type: "doubt" };
const denounced: LivenessEvent = { type: "denounced" };
const recalled: LivenessEvent = { type: "recalled" };
const woke: LivenessEvent = { type: "woke" };
const pong = (token: number): LivenessEvent => ({ type: "pong", token });

/** Feeds events at their times; gives the last state, and every effect with its time. */
function run(...events: readonly (readonly [atMs: number, LivenessEvent])[]) {
  const first = startLiveness(0);
  let { state } = first;
  const all: (readonly [number, LivenessEffect])[] = first.effects.map((effect) => [0, effect]);
  for (const [atMs, event] of events) {
    const next = stepLiveness(state, event, atMs);
    state = next.state;
    all.push(...next.effects.map((effect) => [atMs, effect] as const));
  }
  return { state, effects: all, deadlineMs: livenessDeadline(state)?.atMs };
}

const suspectMs = suspicionMs();
/** Wakes at all deadlines until then. */
const wakes = (...atMs: number[]) => atMs.map((ms) => [ms, woke] as const);
/** A question that is never answered, as its path sees it. */
const unanswered = [...wakes(2_000, 4_000, 6_000, 8_000, lostMs)];

const ping = (token: number): LivenessEffect => ({ type: "ping", token });

describe("liveness", () => {
  it("asks as soon as a path is open: that is the first round trip", () => {
    expect(run()).toMatchObject({ state: { phase: "asked" }, effects: [[0, ping(1)]], deadlineMs: suspectMs });
    expect(roundTripMs(run([40, pong(1)]).state)).toBe(40);
  });

  it.each<[string, (readonly [number, LivenessEvent])[], string]>([
    ["asked + pong -> trusted", [[5, pong(1)]], ""],
    ["asked + pong of another question -> asked", [[5, pong(2)]], ""],
    ["asked + heard -> asked", [[5, heard]], ""],
    ["asked + busy -> asked", [[5, busy]], ""],
    ["asked + doubt -> asked", [[5, doubt]], ""],
    ["asked + woke after 2 s -> suspect", [[suspectMs, woke]], "ping 1"],
    ["asked + denounced -> suspect", [[5, denounced]], "ping 2"],
    [
      "suspect + pong -> trusted",
      [
        [5, denounced],
        [6, pong(2)],
      ],
      "",
    ],
    [
      "suspect + denounced -> suspect",
      [
        [5, denounced],
        [6, denounced],
      ],
      "",
    ],
    ["suspect + woke after 10 s -> lost", unanswered, "lost"],
    [
      "suspect + recalled -> asked",
      [
        [5, denounced],
        [6, recalled],
      ],
      "ping 3",
    ],
    [
      "trusted + denounced -> suspect",
      [
        [5, pong(1)],
        [6, denounced],
      ],
      "ping 2",
    ],
    [
      "trusted + busy after 2 s of silence -> asked",
      [
        [5, pong(1)],
        [5 + busySilenceMs, busy],
      ],
      "ping 2",
    ],
    [
      "trusted + woke from sleep -> asked",
      [
        [5, pong(1)],
        [5 + idleSilenceMs + sleptMs, woke],
      ],
      "ping 2",
    ],
    ["asked + woke from sleep -> suspect", [[lostMs, woke]], "ping 2"],
    [
      "suspect + woke from sleep -> suspect",
      [
        [suspectMs, woke],
        [suspectMs + lostMs, woke],
      ],
      "ping 2",
    ],
    [
      "trusted + doubt -> asked",
      [
        [5, pong(1)],
        [6, doubt],
      ],
      "ping 2",
    ],
    [
      "trusted + pong -> trusted",
      [
        [5, pong(1)],
        [6, pong(1)],
      ],
      "",
    ],
    [
      "trusted + woke early -> trusted",
      [
        [5, pong(1)],
        [6, woke],
      ],
      "",
    ],
    [
      "trusted + woke after the silence -> asked",
      [
        [5, pong(1)],
        [5 + idleSilenceMs, woke],
      ],
      "ping 2",
    ],
    ["lost + pong -> lost", [...unanswered, [lostMs, pong(1)]], ""],
    ["lost + heard -> lost", [...unanswered, [lostMs, heard]], ""],
    ["lost + doubt -> lost", [...unanswered, [lostMs, doubt]], ""],
    ["lost + woke -> lost", [...unanswered, [2 * lostMs, woke]], ""],
  ])("%s", (name, events, effects) => {
    const before = run(...events.slice(0, -1));
    const after = run(...events);
    expect(after.state.phase).toBe(name.split("-> ")[1]);
    const added = after.effects.slice(before.effects.length).map(([, effect]) => effect);
    expect(added.map((effect) => (effect.type === "ping" ? `ping ${effect.token}` : effect.type)).join()).toBe(effects);
  });

  it("asks after 15 s of silence where nothing goes by", () => {
    expect(run([10, pong(1)]).deadlineMs).toBe(10 + idleSilenceMs);
    expect(run([10, pong(1)], [3_000, heard]).deadlineMs).toBe(3_000 + idleSilenceMs);
  });

  it("asks after 2 s of silence where messages go by, and for 30 s after the last", () => {
    expect(run([10, pong(1)], [100, busy]).deadlineMs).toBe(10 + busySilenceMs);
    expect(run([10, pong(1)], [100, busy], [30_000, heard]).deadlineMs).toBe(30_000 + busySilenceMs);
    expect(run([10, pong(1)], [100, busy], [30_100, heard]).deadlineMs).toBe(30_100 + idleSilenceMs);
  });

  it("asks at once where the first message in a while goes into a long silence", () => {
    expect(run([10, pong(1)], [9_000, busy]).effects.at(-1)).toEqual([9_000, ping(2)]);
  });

  it("asks again every 2 s, and gives up after 10 s, also while other things come in", () => {
    const events: [number, LivenessEvent][] = [];
    for (let ms = 500; ms <= 12_000; ms += 500) events.push([ms, heard], [ms, woke]);
    expect(run(...events).effects).toEqual([
      [0, ping(1)],
      [2_000, ping(1)],
      [4_000, ping(1)],
      [6_000, ping(1)],
      [8_000, ping(1)],
      [10_000, { type: "lost", silentMs: 0 }],
    ]);
  });

  it("says for how long nothing came", () => {
    const events = [...unanswered.slice(0, 1), [3_000, heard] as const, ...unanswered.slice(1)];
    expect(run(...events).effects.at(-1)).toEqual([lostMs, { type: "lost", silentMs: 7_000 }]);
  });

  it("gives a slower path more time: four round trips, 4 s at most", () => {
    expect([suspicionMs(), suspicionMs(700), suspicionMs(60_000)]).toEqual([2_000, 2_800, 4_000]);
    expect(run([700, pong(1)], [1_000, doubt]).deadlineMs).toBe(1_000 + 2_800);
  });

  it("holds time that passed in sleep against no path, and gives it the whole time to answer again", () => {
    const hourMs = 3_600_000;
    const { state, deadlineMs } = run([10, pong(1)], [hourMs, woke]);
    expect(state).toMatchObject({ phase: "asked", askedMs: hourMs });
    expect(deadlineMs).toBe(hourMs + suspectMs);
    const asked = run([10, pong(1)], [20, doubt], [hourMs, woke]);
    expect(asked.state).toMatchObject({ phase: "suspect", askedMs: hourMs });
    expect(run([10, pong(1)], [20, doubt], [hourMs, woke], [hourMs + lostMs, woke]).state.phase).toBe("lost");
    expect(run([10, pong(1)], [20, doubt], [hourMs, woke], [hourMs + 5, pong(3)]).state.phase).toBe("trusted");
  });

  it("gives up a path that doesn't answer also where every timer is a minute late", () => {
    const minutes = Array.from({ length: 3 }, (_, minute) => [60_000 * (minute + 1), woke] as const);
    expect(run([10, pong(1)], ...minutes.slice(0, 2)).state.phase).toBe("suspect");
    expect(run([10, pong(1)], ...minutes).state.phase).toBe("lost");
    // Each answer is a fresh start.
    const answered = minutes.flatMap(([ms], i) => [[ms, woke] as const, [ms + 5, pong(i + 2)] as const]);
    expect(run([10, pong(1)], ...answered, [240_000, woke]).state.phase).toBe("asked");
  });

  it("takes a late answer that comes before it gives up, and none of an earlier question", () => {
    expect(run([suspectMs, woke], [9_999, pong(1)]).state.phase).toBe("trusted");
    const asked = run([10, pong(1)], [20, doubt], [30, pong(1)]);
    expect(asked.state).toMatchObject({ phase: "asked", token: 2 });
  });

  it("learns nothing of the round trip from a question it asked twice (Karn's rule)", () => {
    expect(roundTripMs(run([suspectMs, woke], [suspectMs + 3, pong(1)]).state)).toBeUndefined();
    const before = run([80, pong(1)], [100, doubt], [2_100, woke], [2_101, pong(2)]);
    expect(roundTripMs(before.state)).toBe(80);
  });

  it("smooths the round trip by an eighth", () => {
    expect(roundTripMs(run([80, pong(1)], [100, doubt], [260, pong(2)]).state)).toBe(90);
    expect(roundTripMs(run(...unanswered).state)).toBeUndefined();
  });

  it("does nothing when woken early", () => {
    fc.assert(
      fc.property(anyState(), fc.double({ min: 0, max: 0.999, noNaN: true }), ({ state, nowMs }, part) => {
        const deadline = livenessDeadline(state)?.atMs;
        fc.pre(deadline !== undefined && deadline > nowMs);
        const early = nowMs + (deadline - nowMs) * part;
        expect(stepLiveness(state, woke, early)).toEqual({ state, effects: [] });
      }),
    );
  });

  it("gives a path up within 25 s of the last pong, whatever else happens, where it is woken at its deadlines", () => {
    fc.assert(
      fc.property(
        anyState(),
        fc.array(fc.constantFrom(busy, doubt, denounced), { maxLength: 10 }),
        ({ state, nowMs }, others) => {
          let now = nowMs;
          let current = state;
          for (const event of others) current = stepLiveness(current, event, now).state;
          for (let deadline = livenessDeadline(current); deadline !== undefined; deadline = livenessDeadline(current)) {
            now = Math.max(now, deadline.atMs);
            expect(now).toBeLessThanOrEqual(nowMs + idleSilenceMs + lostMs);
            current = stepLiveness(current, woke, now).state;
          }
          expect(current.phase).toBe("lost");
        },
      ),
    );
  });

  it("never loses a path that answers each question", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(busy, heard, doubt, denounced, woke), fc.nat(9_999)), { maxLength: 50 }),
        (all) => {
          let { state, effects } = startLiveness(0);
          let nowMs = 0;
          const settle = () => {
            for (const effect of effects) {
              expect(effect.type).toBe("ping");
              if (effect.type === "ping") ({ state, effects } = stepLiveness(state, pong(effect.token), nowMs));
            }
          };
          for (const [event, afterMs] of all) {
            settle();
            nowMs += afterMs;
            ({ state, effects } = stepLiveness(state, event, nowMs));
          }
          expect(state.phase).not.toBe("lost");
        },
      ),
    );
  });

  it("takes progress for an answer, and measures nothing by it", () => {
    const asked = startLiveness(0).state;
    const again = stepLiveness(asked, { type: "woke" }, suspectMs).state;
    const after = stepLiveness(again, { type: "progress" }, suspectMs + 1);
    expect(after).toEqual({ state: expect.objectContaining({ phase: "trusted", rttMs: undefined }), effects: [] });
  });
});

function anyState(): fc.Arbitrary<{ state: LivenessState; nowMs: number }> {
  const event = fc.oneof(fc.constantFrom(busy, heard, doubt, denounced, recalled, woke, woke), fc.nat(5).map(pong));
  return fc.array(fc.tuple(event, fc.nat(6_000)), { maxLength: 30 }).map((events) => {
    let { state } = startLiveness(0);
    let nowMs = 0;
    for (const [next, afterMs] of events) {
      nowMs += afterMs;
      ({ state } = stepLiveness(state, next, nowMs));
    }
    return { state, nowMs };
  });
}
