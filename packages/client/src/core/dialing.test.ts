import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attemptMs,
  type DialingEvent,
  type DialingState,
  dialingDeadline,
  startDialing,
  stepDialing,
  stepInMs,
  waveringMs,
} from "./dialing.js";

const lost = (roll = 1): DialingEvent => ({ type: "lost", roll });
const retry = (roll = 1): DialingEvent => ({ type: "retry", roll });
const wavered: DialingEvent = { type: "wavered" };
const steadied: DialingEvent = { type: "steadied" };
const woke: DialingEvent = { type: "woke" };
const opened: DialingEvent = { type: "opened" };
const answering: DialingEvent = { type: "answering" };
const end: DialingEvent = { type: "end" };

/** Feeds events, each at its deadline where it is a `woke`, a millisecond later otherwise. */
function run(state: DialingState, ...events: readonly DialingEvent[]) {
  let nowMs = 0;
  let effects: readonly { type: string }[] = [];
  let after = state;
  for (const event of events) {
    nowMs = event.type === "woke" ? (dialingDeadline(after)?.atMs ?? nowMs) : nowMs + 1;
    ({ state: after, effects } = stepDialing(after, event, nowMs));
  }
  return { state: after, effects: effects.map(({ type }) => type), nowMs };
}

const preferred = startDialing(true, 0);
const other = startDialing(false, 0);

describe("dialing", () => {
  it.each<[string, DialingEvent[], string[]]>([
    ["waiting + woke -> connecting", [woke], ["dial"]],
    ["waiting + answering -> connecting", [answering], []],
    ["waiting + end -> ended", [end], []],
    ["waiting + lost -> waiting", [lost()], []],
    ["connecting + opened -> open", [woke, opened], []],
    ["connecting + answering -> connecting", [woke, answering], []],
    ["connecting + lost -> waiting", [woke, lost()], []],
    // What gives up feeds `lost` next.
    ["connecting + woke -> connecting", [woke, woke], ["give-up"]],
    ["connecting + end -> ended", [woke, end], []],
    ["open + lost -> waiting", [woke, opened, lost()], []],
    ["open + answering -> connecting", [woke, opened, answering], []],
    ["open + woke -> open", [woke, opened, woke], []],
    ["open + end -> ended", [woke, opened, end], []],
    ["waiting + retry -> waiting", [retry()], []],
    ["connecting + retry -> waiting", [woke, retry()], []],
    ["open + retry -> open", [woke, opened, retry()], []],
    ["waiting + wavered -> waiting", [wavered], []],
    ["connecting + wavered -> connecting", [woke, wavered], []],
    ["connecting + steadied -> connecting", [woke, steadied], []],
    ["open + wavered -> wavering", [woke, opened, wavered], []],
    ["open + steadied -> open", [woke, opened, steadied], []],
    ["wavering + wavered -> wavering", [woke, opened, wavered, wavered], []],
    ["wavering + steadied -> open", [woke, opened, wavered, steadied], []],
    ["wavering + woke -> open", [woke, opened, wavered, woke], ["denounce"]],
    ["wavering + opened -> open", [woke, opened, wavered, opened], []],
    ["wavering + retry -> wavering", [woke, opened, wavered, retry()], []],
    ["wavering + lost -> waiting", [woke, opened, wavered, lost()], []],
    ["wavering + answering -> connecting", [woke, opened, wavered, answering], []],
    ["wavering + end -> ended", [woke, opened, wavered, end], []],
    ["ended + woke -> ended", [end, woke], []],
    ["ended + retry -> ended", [end, retry()], []],
    ["ended + answering -> ended", [end, answering], []],
    ["ended + opened -> ended", [end, opened], []],
    ["ended + lost -> ended", [end, lost()], []],
  ])("%s", (name, events, effects) => {
    for (const start of [preferred, other]) {
      const after = run(start, ...events);
      expect(after.state.phase).toBe(name.split("-> ")[1]);
      expect(after.effects).toEqual(effects);
    }
  });

  it("begins at once on the preferred side, after a while on the other", () => {
    expect(dialingDeadline(startDialing(true, 7))?.atMs).toBe(7);
    expect(dialingDeadline(startDialing(false, 7))?.atMs).toBe(7 + stepInMs);
  });

  it("gives an attempt its time from when it began, whoever offered", () => {
    expect(dialingDeadline(stepDialing(preferred, woke, 100).state)?.atMs).toBe(100 + attemptMs);
    expect(dialingDeadline(stepDialing(other, answering, 300).state)?.atMs).toBe(300 + attemptMs);
  });

  it("does nothing when woken early", () => {
    fc.assert(
      fc.property(anyState(), fc.double({ min: 0, max: 1, noNaN: true }), ({ state, nowMs }, part) => {
        const deadline = dialingDeadline(state)?.atMs;
        fc.pre(deadline !== undefined && deadline > nowMs);
        const early = nowMs + (deadline - nowMs) * part;
        fc.pre(early < deadline);
        expect(stepDialing(state, woke, early)).toEqual({ state, effects: [] });
      }),
    );
  });

  it("waits longer from attempt to attempt, up to a ceiling, and the other side always a step longer", () => {
    const waits = (start: DialingState) => {
      let state = start;
      return Array.from({ length: 12 }, () => {
        state = stepDialing(state, woke, 1e6).state;
        state = stepDialing(state, lost(), 1e6).state;
        return (dialingDeadline(state)?.atMs ?? 0) - 1e6;
      });
    };
    expect(waits(preferred)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, ...new Array<number>(6).fill(15_000)]);
    expect(waits(other)).toEqual(waits(preferred).map((ms) => ms + stepInMs));
  });

  it("is certain of half of each wait, and leaves the other half to chance", () => {
    for (const [roll, ms] of [
      [0, 125],
      [0.5, 187.5],
      [1, 250],
    ] as const) {
      expect(dialingDeadline(run(preferred, woke, lost(roll)).state)?.atMs).toBe(1 + ms);
    }
  });

  it("begins with short waits again after a path that held", () => {
    const { state } = run(preferred, woke, lost(), woke, lost(), woke, opened);
    const after = stepDialing(state, lost(), 1e6).state;
    expect(dialingDeadline(after)?.atMs).toBe(1e6 + 250);
  });

  it("waits longer each time for a path that opens and breaks at once", () => {
    let state = preferred;
    const waits = Array.from({ length: 8 }, () => {
      const events = [woke, opened, lost()];
      const after = run(state, ...events);
      state = after.state;
      return (dialingDeadline(state)?.atMs ?? 0) - after.nowMs;
    });
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it("lets the engine say for 2 s that a path is disconnected, from when it said so first", () => {
    const { state, nowMs } = run(preferred, woke, opened, wavered);
    expect(dialingDeadline(state)?.atMs).toBe(nowMs + waveringMs);
    expect(stepDialing(state, wavered, nowMs + 1_000).state).toEqual(state);
  });

  it("forgets nothing of a path that wavered: it held since it opened", () => {
    const { state } = run(preferred, woke, lost(), woke, lost(), woke, opened);
    const wavering = stepDialing(state, wavered, 1e6).state;
    for (const after of [wavering, stepDialing(wavering, steadied, 1e6).state]) {
      expect(dialingDeadline(stepDialing(after, lost(), 1e6).state)?.atMs).toBe(1e6 + 250);
    }
  });

  it("tries soon on a retry, whatever it waited for, and never later than it would have", () => {
    const failed = run(preferred, woke, lost(), woke, lost(), woke, lost(), woke, lost());
    expect(dialingDeadline(stepDialing(failed.state, retry(), failed.nowMs).state)?.atMs).toBe(failed.nowMs + 250);
    const dueMs = dialingDeadline(failed.state)?.atMs ?? 0;
    expect(dialingDeadline(stepDialing(failed.state, retry(), dueMs - 1).state)?.atMs).toBe(dueMs);
    expect(dialingDeadline(stepDialing(other, retry(0), 1_999).state)?.atMs).toBe(stepInMs);
  });

  it("counts no retry as a failure, however many there are", () => {
    for (const start of [preferred, other]) {
      const events = Array.from({ length: 50 }, () => [woke, retry()]).flat();
      const { state } = run(start, ...events, woke, lost());
      expect(state).toMatchObject({ phase: "waiting", attempt: 1 });
    }
  });

  it("has a deadline that isn't far, in every state but open and ended", () => {
    fc.assert(
      fc.property(anyState(), ({ state, nowMs }) => {
        const deadline = dialingDeadline(state);
        const isDue = state.phase !== "open" && state.phase !== "ended";
        expect(deadline !== undefined).toBe(isDue);
        expect(deadline?.atMs ?? 0).toBeLessThanOrEqual(nowMs + attemptMs + stepInMs);
      }),
    );
  });
});

/** A state that any events may lead to, and when. */
function anyState(): fc.Arbitrary<{ state: DialingState; nowMs: number }> {
  const event = fc.oneof(
    fc.constantFrom<DialingEvent>(woke, woke, woke, answering, opened, wavered, steadied, retry()),
    fc.double({ min: 0, max: 1, noNaN: true }).map(lost),
  );
  const late = fc.nat(20_000);
  return fc
    .record({ first: fc.boolean(), events: fc.array(fc.tuple(event, late), { maxLength: 30 }) })
    .map(({ first, events }) => {
      let nowMs = 0;
      let state = startDialing(first, 0);
      for (const [next, afterMs] of events) {
        nowMs += afterMs;
        const { state: after, effects } = stepDialing(state, next, nowMs);
        // As the shell does: what gives up feeds `lost`.
        state = effects.some(({ type }) => type === "give-up") ? stepDialing(after, lost(0.5), nowMs).state : after;
      }
      return { state, nowMs };
    });
}
