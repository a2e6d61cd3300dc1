import { become, type Deadline, type Step } from "../../agreement/core/machine.js";
import { type Choice, decisionOf, type Rule } from "./rule.js";

/** A ballot whose signature was found to be its voter's, for this proposal. */
export interface CastBallot {
  readonly voter: string;
  readonly choice: Choice;
  readonly signature: Uint8Array;
}

/** Why a voter counts as not voting: it left · nobody there decides on such proposals · what decides failed there. */
export type AbsenceReason = "gone" | "no-handler" | "handler-failed";

/**
 * The ballots on one proposal.
 *
 * Invariants:
 * 1. It is decided once, as soon as what may still come can't change it, or ends with its time.
 * 2. Only electors count, each once. Who votes twice, in two ways, counts as not voting, and both ballots are kept.
 * 3. Who left counts as not voting until it is back.
 */
export interface BallotBox {
  readonly rule: Rule;
  readonly electors: readonly string[];
  readonly untilMs: number;
  readonly cast: ReadonlyMap<string, CastBallot>;
  readonly doubles: ReadonlyMap<string, readonly [CastBallot, CastBallot]>;
  readonly absent: ReadonlyMap<string, AbsenceReason>;
  readonly end: BallotEnd | undefined;
}

export type BallotEnd = "accepted" | "rejected" | "timed-out" | "withdrawn";

export type BallotEvent =
  | { readonly type: "ballot"; readonly ballot: CastBallot }
  | { readonly type: "absent"; readonly voter: string; readonly reason: AbsenceReason }
  | { readonly type: "back"; readonly voter: string }
  | { readonly type: "withdraw" }
  | { readonly type: "woke" };

export type BallotEffect =
  | { readonly type: "ended"; readonly end: BallotEnd }
  /** It voted in two ways. */
  | { readonly type: "doubled"; readonly ballots: readonly [CastBallot, CastBallot] }
  | { readonly type: "refuse"; readonly voter: string; readonly reason: "not-elector" };

type BallotStep = Step<BallotBox, BallotEffect>;

export function startBallotBox(rule: Rule, electors: readonly string[], untilMs: number): BallotBox {
  return { rule, electors, untilMs, cast: new Map(), doubles: new Map(), absent: new Map(), end: undefined };
}

export function stepBallotBox(box: BallotBox, event: BallotEvent, nowMs: number): BallotStep {
  if (box.end === undefined && nowMs >= box.untilMs) return end(box, "timed-out");
  switch (event.type) {
    case "ballot":
      return take(box, event.ballot);
    case "absent":
      if (!box.electors.includes(event.voter)) return become(box);
      return settle({ ...box, absent: new Map(box.absent).set(event.voter, event.reason) });
    case "back": {
      const absent = new Map(box.absent);
      absent.delete(event.voter);
      return become({ ...box, absent });
    }
    case "withdraw":
      return box.end === undefined ? end(box, "withdrawn") : become(box);
    case "woke":
      return settle(box);
  }
}

export function ballotDeadline({ end: ended, untilMs }: BallotBox): Deadline | undefined {
  return ended === undefined ? { atMs: untilMs, reason: "the vote's time is over" } : undefined;
}

/** Who hasn't voted, and why where that is known. */
export function missingOf(box: BallotBox): { readonly voter: string; readonly reason: MissingReason }[] {
  const missing = box.electors.filter((voter) => !box.cast.has(voter));
  return missing.map((voter) => {
    const reason = box.doubles.has(voter) ? "doubled" : (box.absent.get(voter) ?? "silent");
    return { voter, reason };
  });
}

/** `silent`: no ballot came by the end · `doubled`: it voted in two ways. */
export type MissingReason = AbsenceReason | "silent" | "doubled";

function take(box: BallotBox, ballot: CastBallot): BallotStep {
  const { voter, choice } = ballot;
  if (!box.electors.includes(voter)) {
    return { state: box, effects: [{ type: "refuse", voter, reason: "not-elector" }] };
  }
  const before = box.cast.get(voter);
  // The same again, or one more of a voter that was found out.
  if (box.doubles.has(voter) || before?.choice === choice) return become(box);
  if (before !== undefined) return double(box, [before, ballot]);
  return box.end === undefined ? settle({ ...box, cast: new Map(box.cast).set(voter, ballot) }) : become(box);
}

function double(box: BallotBox, ballots: readonly [CastBallot, CastBallot]): BallotStep {
  const { voter } = ballots[0];
  const doubled: BallotEffect = { type: "doubled", ballots };
  const doubles = new Map(box.doubles).set(voter, ballots);
  // What is decided stays so: others may have acted on it.
  if (box.end !== undefined) return { state: { ...box, doubles }, effects: [doubled] };
  const cast = new Map(box.cast);
  cast.delete(voter);
  const next = settle({ ...box, cast, doubles });
  return { state: next.state, effects: [doubled, ...next.effects] };
}

function settle(box: BallotBox): BallotStep {
  if (box.end !== undefined) return become(box);
  const yes = [...box.cast.values()].filter(({ choice }) => choice === "yes").length;
  const isOpen = (voter: string) => !box.cast.has(voter) && !box.absent.has(voter) && !box.doubles.has(voter);
  const decision = decisionOf(box.rule, box.electors.length, { yes, open: box.electors.filter(isOpen).length });
  return decision === undefined ? become(box) : end(box, decision);
}

function end(box: BallotBox, how: BallotEnd): BallotStep {
  return { state: { ...box, end: how }, effects: [{ type: "ended", end: how }] };
}
