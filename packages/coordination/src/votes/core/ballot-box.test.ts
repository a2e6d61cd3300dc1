import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BallotBox,
  type BallotEffect,
  type BallotEvent,
  ballotDeadline,
  missingOf,
  startBallotBox,
  stepBallotBox,
} from "./ballot-box.js";
import { type Choice, neededYes, type Rule } from "./rule.js";

const untilMs = 1_000;
const signature = new Uint8Array(64);
const vote = (voter: string, choice: Choice): BallotEvent => ({ type: "ballot", ballot: { voter, choice, signature } });

function run(box: BallotBox, events: readonly BallotEvent[], nowMs = 0): { box: BallotBox; effects: BallotEffect[] } {
  const effects: BallotEffect[] = [];
  let state = box;
  for (const event of events) {
    const step = stepBallotBox(state, event, nowMs);
    state = step.state;
    effects.push(...step.effects);
  }
  return { box: state, effects };
}

const voters = ["a", "b", "c", "d", "e"];
const endOf = (rule: Rule, ...events: BallotEvent[]) => run(startBallotBox(rule, voters, untilMs), events).box.end;

describe("a ballot box", () => {
  it("is decided as soon as the rest can't change it", () => {
    const [yes, no] = [(v: string) => vote(v, "yes"), (v: string) => vote(v, "no")];
    expect(endOf("majority", yes("a"), yes("b"))).toBeUndefined();
    expect(endOf("majority", yes("a"), yes("b"), yes("c"))).toBe("accepted");
    expect(endOf("majority", no("a"), no("b"), vote("c", "abstain"))).toBe("rejected");
    expect(endOf("unanimous", no("a"))).toBe("rejected");
    expect(endOf({ quorum: 2 }, yes("a"), yes("b"))).toBe("accepted");
    expect(endOf({ quorum: 4 }, no("a"), no("b"))).toBe("rejected");
  });

  it("takes who left for not voting, until it is back", () => {
    const gone = (voter: string): BallotEvent => ({ type: "absent", voter, reason: "gone" });
    expect(endOf("majority", gone("a"), gone("b"), gone("c"))).toBe("rejected");
    const back: BallotEvent = { type: "back", voter: "a" };
    const left = [gone("a"), gone("b"), back, gone("c")];
    expect(endOf("majority", ...left)).toBeUndefined();
    expect(endOf("majority", ...left, ...["a", "d", "e"].map((voter) => vote(voter, "yes")))).toBe("accepted");
  });

  it("keeps both ballots of who votes in two ways, and counts neither", () => {
    const { box, effects } = run(startBallotBox("majority", ["a", "b", "c"], untilMs), [
      vote("a", "yes"),
      vote("a", "no"),
      vote("a", "yes"),
      vote("b", "yes"),
    ]);
    expect(effects.map(({ type }) => type)).toEqual(["doubled"]);
    expect(box.end).toBeUndefined();
    expect(missingOf(box)).toContainEqual({ voter: "a", reason: "doubled" });
  });

  it("counts nobody from outside of the electorate", () => {
    const { effects } = run(startBallotBox({ quorum: 1 }, ["a"], untilMs), [vote("x", "yes")]);
    expect(effects).toEqual([{ type: "refuse", voter: "x", reason: "not-elector" }]);
  });

  it("ends with its time, and not before", () => {
    const box = startBallotBox("majority", voters, untilMs);
    expect(ballotDeadline(box)?.atMs).toBe(untilMs);
    expect(run(box, [{ type: "woke" }], untilMs - 1).box.end).toBeUndefined();
    expect(run(box, [{ type: "woke" }], untilMs).box.end).toBe("timed-out");
  });

  it("whatever comes, ends once, and rightly", () => {
    const someone = fc.constantFrom("a", "b", "c", "d", "e", "x");
    const event: fc.Arbitrary<BallotEvent> = fc.oneof(
      fc.tuple(someone, fc.constantFrom<Choice>("yes", "no", "abstain")).map(([voter, choice]) => vote(voter, choice)),
      someone.map((voter): BallotEvent => ({ type: "absent", voter, reason: "gone" })),
      someone.map((voter): BallotEvent => ({ type: "back", voter })),
    );
    const rule = fc.oneof(
      fc.constantFrom<Rule>("majority", "unanimous"),
      fc.integer({ min: 1, max: 5 }).map((quorum): Rule => ({ quorum })),
    );
    fc.assert(
      fc.property(rule, fc.array(event, { maxLength: 30 }), (chosen, events) => {
        const { box, effects } = run(startBallotBox(chosen, voters, untilMs), events);
        const ends = effects.filter(({ type }) => type === "ended");
        expect(ends.length).toBe(box.end === undefined ? 0 : 1);
        const yes = [...box.cast.values()].filter(({ choice }) => choice === "yes").length;
        expect(box.end === "accepted").toBe(yes >= neededYes(chosen, voters.length));
        const late = run(box, [{ type: "woke" }], untilMs).box;
        expect(late.end).toBe(box.end ?? "timed-out");
      }),
      { numRuns: Number(process.env.SKEIN_RUNS ?? 2_000) },
    );
  });
});
