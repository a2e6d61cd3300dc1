import type { Step } from "../../agreement/core/machine.js";
import type { Rank } from "./rank.js";
import type { Timing } from "./timing.js";

/** What doesn't change while an election runs. */
export interface Settings {
  readonly self: Rank;
  /** Whether we would lead; who wouldn't follows, and votes where it is a member. */
  readonly candidate: boolean;
  /** Whether we ask a leader of a lower rank to make way for us. */
  readonly takeover: boolean;
  /** Of whom a majority must agree. Undefined: whoever is here decides, and each part of a divided room has a leader. */
  readonly members: readonly string[] | undefined;
  readonly timing: Timing;
}

export interface KnownPeer {
  readonly rank: Rank;
  readonly candidate: boolean;
}

/** What must not be forgotten, though the process ends: the highest term that we took part in, and for whom. */
export interface ElectionMemory {
  readonly term: number;
  readonly votedFor: string;
}

/** A promise to follow nobody else until then, by our own clock. */
export interface Grant {
  readonly to: string;
  readonly term: number;
  readonly untilMs: number;
}

export type Role =
  /** `untilMs`: without a word of the leader by then, we look for another. */
  | { readonly phase: "following"; readonly leader: string; readonly term: number; readonly untilMs: number }
  /** There is no leader, and we don't stand yet; undefined: we never do. */
  | { readonly phase: "seeking"; readonly untilMs: number | undefined }
  | {
      readonly phase: "canvassing";
      readonly term: number;
      readonly sentMs: number;
      readonly untilMs: number;
      readonly answers: ReadonlyMap<string, boolean>;
    }
  | Leading
  | { readonly phase: "closed" };

export interface Leading {
  readonly phase: "leading";
  readonly term: number;
  readonly leaseUntilMs: number;
  readonly nextBeatMs: number;
  readonly beat: number;
  /** The beats that may still be answered, and when each was sent. */
  readonly sent: ReadonlyMap<number, number>;
  /** For each member, when the latest beat was sent that it answered. */
  readonly held: ReadonlyMap<string, number>;
}

/**
 * Who leads.
 *
 * Invariants, those marked Q where there are members:
 * 1. A lease counts from the sending of what was answered; a grant from the arrival of what it answers, and lasts longer by what
 *    clocks may differ in rate. So a lease is over at the leader before any grant that it stands on.
 * 2. Q: A member has one grant at a time, so two majorities never stand behind two leaders at one time.
 * 3. Q: A member votes once in a term, and for no term below one it took part in. So a term has one leader, and terms rise.
 * 4. Whoever finds its lease over no longer leads, whatever comes in after: it never leads that term again.
 * 5. Nobody accepts a leader of a term below one that it accepted.
 */
export interface ElectionState {
  readonly settings: Settings;
  /** Who said hello, and can be reached. */
  readonly peers: ReadonlyMap<string, KnownPeer>;
  /** The highest term that we heard of. */
  readonly heardTerm: number;
  /** The latest leadership that we accepted. */
  readonly led: { readonly term: number; readonly by: string };
  readonly memory: ElectionMemory;
  readonly grant: Grant | undefined;
  /** Before this we grant nothing: a member that starts has forgotten whom it promised. */
  readonly grantsFromMs: number;
  /** Before this we don't stand: we resigned. */
  readonly standsFromMs: number;
  readonly challengedMs: number;
  /** A leader that fell silent, until it says something: nobody waits for it to stand. */
  readonly silent: string | undefined;
  readonly role: Role;
}

export type Message =
  /** Who we are; `ask`: and who are you? */
  | {
      readonly t: "hello";
      readonly score: number;
      readonly startedMs: number;
      readonly candidate: boolean;
      readonly term: number;
      readonly ask: boolean;
    }
  /** May I lead in this term? */
  | { readonly t: "canvass"; readonly term: number }
  | { readonly t: "answer"; readonly term: number; readonly yes: boolean }
  /** I lead. */
  | { readonly t: "lead"; readonly term: number; readonly beat: number }
  /** I go on following you, for the time of a grant. */
  | { readonly t: "held"; readonly term: number; readonly beat: number }
  /** I don't lead in this term, and never will again. */
  | { readonly t: "release"; readonly term: number }
  /** I have seen a leader of this term; yours isn't above it. */
  | { readonly t: "outdated"; readonly term: number }
  /** I come before you, and would lead. */
  | { readonly t: "challenge"; readonly term: number };

export type MessageOf<Type extends Message["t"]> = Extract<Message, { t: Type }>;

export type ElectionEvent =
  /** Messages can go there now. */
  | { readonly type: "reachable"; readonly from: string }
  | { readonly type: "gone"; readonly from: string }
  | { readonly type: "message"; readonly from: string; readonly message: Message }
  | { readonly type: "woke" }
  /** Our clock stood still for a while: the computer slept. */
  | { readonly type: "slept" }
  | { readonly type: "resign" }
  | { readonly type: "close" };

/**
 * Why a claim was turned away. `far-term`: no honest election comes so far · `not-candidate`, `not-member`: it may not lead ·
 * `second-leader`: another leads in that term · `rank-changed`: it was
 * another rank before.
 */
export type RefusalReason = "far-term" | "not-candidate" | "not-member" | "second-leader" | "rank-changed";

export type ElectionEffect =
  /** `all`: everyone who said hello. */
  | { readonly type: "send"; readonly to: string | "all"; readonly message: Message }
  /** Keep it safe before anything behind it is sent. */
  | { readonly type: "remember"; readonly memory: ElectionMemory }
  | { readonly type: "refuse"; readonly from: string; readonly reason: RefusalReason; readonly message: Message };

export type ElectionStep = Step<ElectionState, ElectionEffect>;

/** An election a second brings a room that far in 136 years: who is further ahead of what we know has made it up. */
export const termLeapMost = 2 ** 32;

export function send(to: string | "all", message: Message): ElectionEffect {
  return { type: "send", to, message };
}

/** Takes part in a term; whoever keeps it safe does so before the rest of this step is seen by anyone. */
export function keep(state: ElectionState, memory: ElectionMemory): ElectionStep {
  return { state: { ...state, memory }, effects: [{ type: "remember", memory }] };
}

export function isMember({ settings }: ElectionState, id: string): boolean {
  return settings.members === undefined || settings.members.includes(id);
}

export function majorityOf(members: readonly string[]): number {
  return Math.floor(members.length / 2) + 1;
}

export function liveGrant({ grant }: ElectionState, nowMs: number): Grant | undefined {
  return grant !== undefined && nowMs < grant.untilMs ? grant : undefined;
}

/** Whether we may stand now, if nobody leads. */
export function canStand(state: ElectionState, nowMs: number): boolean {
  const { settings, standsFromMs, grantsFromMs } = state;
  if (!settings.candidate || nowMs < standsFromMs) return false;
  return settings.members === undefined || (isMember(state, settings.self.id) && nowMs >= grantsFromMs);
}

/** One step after another. */
export function andThen(step: ElectionStep, next: (state: ElectionState) => ElectionStep): ElectionStep {
  const after = next(step.state);
  return { state: after.state, effects: [...step.effects, ...after.effects] };
}
