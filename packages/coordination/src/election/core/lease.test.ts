import { describe, expect, it } from "vitest";
import { electionDeadline, isLeading, startElection, stepElection } from "./election.js";
import type { ElectionState, Message } from "./state.js";
import { timingOf } from "./timing.js";

const members = ["a", "b", "c"];
const timing = timingOf(1_000);

function member(id: string): ElectionState {
  const self = { score: 0, startedMs: members.indexOf(id), id };
  return startElection({ self, candidate: true, takeover: false, members, timing }, 0);
}

const say = (state: ElectionState, from: string, message: Message, nowMs: number) =>
  stepElection(state, { type: "message", from, message }, nowMs);

const hello: Message = { t: "hello", score: 0, startedMs: 1, candidate: true, term: 0, ask: false };

/** Asks at 2,200, and leads at 2,300 by the vote of b; its first beat goes out then. */
function leader(): ElectionState {
  const known = say(member("a"), "b", hello, 10).state;
  const asking = stepElection(known, { type: "woke" }, 2_200).state;
  return say(asking, "b", { t: "answer", term: 1, yes: true }, 2_300).state;
}

describe("a leader's lease", () => {
  it("counts from when it asked for the votes, not from when they came", () => {
    expect(isLeading(leader(), 4_199)).toBe(true);
    expect(isLeading(leader(), 4_200)).toBe(false);
  });

  it("counts from the sending of a beat, not from its answer", () => {
    const renewed = say(leader(), "b", { t: "held", term: 1, beat: 1 }, 3_000).state;
    expect(isLeading(renewed, 4_299)).toBe(true);
    expect(isLeading(renewed, 4_300)).toBe(false);
  });

  it("isn't renewed by an answer to a beat that was never sent, nor by who is no member", () => {
    const lied = say(leader(), "b", { t: "held", term: 1, beat: 99 }, 2_400).state;
    expect(isLeading(lied, 4_200)).toBe(false);
    const stranger = say(say(leader(), "x", hello, 2_400).state, "x", { t: "held", term: 1, beat: 1 }, 2_500).state;
    expect(isLeading(stranger, 4_200)).toBe(false);
  });

  it("doesn't come back once it is over, whatever arrives", () => {
    const late = say(leader(), "b", { t: "held", term: 1, beat: 1 }, 4_250).state;
    expect(isLeading(late, 4_250)).toBe(false);
    expect(late.role.phase).toBe("seeking");
  });
});

describe("a member's grant", () => {
  const lead: Message = { t: "lead", term: 1, beat: 1 };

  it("lasts longer than the lease by what clocks may differ, from its arrival", () => {
    const granted = say(say(member("b"), "a", { ...hello, startedMs: 0 }, 10).state, "a", lead, 5_000);
    expect(granted.effects).toContainEqual({ type: "send", to: "a", message: { t: "held", term: 1, beat: 1 } });
    expect(granted.state.grant).toEqual({ to: "a", term: 1, untilMs: 5_000 + 2_000 * 1.1 });
    expect(electionDeadline(granted.state)?.atMs).toBeCloseTo(7_200);
  });

  it("isn't given soon after a start, when one of before may still hold", () => {
    const early = say(say(member("b"), "a", { ...hello, startedMs: 0 }, 10).state, "a", lead, 2_199);
    expect(early.state.grant).toBeUndefined();
    expect(early.state.role.phase).toBe("following");
  });

  it("keeps others out until it is over", () => {
    const granted = say(say(member("b"), "a", { ...hello, startedMs: 0 }, 10).state, "a", lead, 5_000).state;
    const known = say(granted, "c", { ...hello, startedMs: 0 }, 5_000).state;
    const answer = (nowMs: number) =>
      say(known, "c", { t: "canvass", term: 9 }, nowMs).effects.find(
        (effect) => effect.type === "send" && effect.message.t === "answer",
      );
    expect(answer(7_100)).toMatchObject({ message: { yes: false } });
    expect(answer(7_201)).toMatchObject({ message: { yes: true } });
  });
});
