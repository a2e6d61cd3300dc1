import { become } from "../../agreement/core/machine.js";
import { beat } from "./leadership.js";
import { outranks } from "./rank.js";
import {
  andThen,
  canStand,
  type ElectionState,
  type ElectionStep,
  isMember,
  keep,
  type Leading,
  liveGrant,
  type MessageOf,
  majorityOf,
  type Role,
  send,
} from "./state.js";

type Canvassing = Extract<Role, { phase: "canvassing" }>;

/** Nobody leads: we stand once those who come before us had their chance, and no promise of ours binds us any more. */
export function seek(state: ElectionState, nowMs: number, delayMs = patienceMs(state)): ElectionState {
  return { ...state, role: { phase: "seeking", untilMs: standsAtMs(state, nowMs, delayMs) } };
}

function standsAtMs(state: ElectionState, nowMs: number, delayMs: number): number | undefined {
  const { settings, standsFromMs, grantsFromMs } = state;
  if (!settings.candidate || !isMember(state, settings.self.id)) return undefined;
  const boundUntilMs = liveGrant(state, nowMs)?.untilMs ?? 0;
  const votesFromMs = settings.members === undefined ? 0 : grantsFromMs;
  // The moment counts from when we could stand, or those who are free at the same time would stand at the same time.
  return Math.max(nowMs, standsFromMs, boundUntilMs, votesFromMs) + delayMs;
}

/** Those of a higher rank go first, each given a moment; two of them are waited for at the most. */
function patienceMs(state: ElectionState): number {
  return state.settings.timing.answerMs * Math.min(2, betterCount(state));
}

function betterCount(state: ElectionState): number {
  const { self } = state.settings;
  let better = 0;
  for (const { rank, candidate } of state.peers.values()) {
    if (rank.id === state.silent) continue;
    if (candidate && isMember(state, rank.id) && outranks(rank, self)) better++;
  }
  return better;
}

/** Its time has come: who seeks asks everyone. */
export function stand(state: ElectionState, nowMs: number): ElectionStep {
  const { settings, heardTerm, led, memory } = state;
  if (!canStand(state, nowMs) || liveGrant(state, nowMs) !== undefined) return become(seek(state, nowMs));
  const { self, timing, members } = settings;
  const term = Math.max(heardTerm, led.term, memory.term) + 1;
  const role: Canvassing = {
    phase: "canvassing",
    term,
    sentMs: nowMs,
    untilMs: nowMs + timing.answerMs,
    answers: new Map(),
  };
  const asked = send("all", { t: "canvass", term });
  if (members === undefined) {
    return andThen({ state: { ...state, heardTerm: term, role }, effects: [asked] }, (next) => settle(next, nowMs));
  }
  const grant = { to: self.id, term, untilMs: nowMs + timing.grantMs };
  const kept = keep({ ...state, heardTerm: term, grant, role }, { term, votedFor: self.id });
  return andThen({ ...kept, effects: [...kept.effects, asked] }, (next) => settle(next, nowMs));
}

export function handleAnswer(
  state: ElectionState,
  from: string,
  { term, yes }: MessageOf<"answer">,
  nowMs: number,
): ElectionStep {
  const { role } = state;
  if (role.phase !== "canvassing" || role.term !== term || !isMember(state, from)) return become(state);
  const answers = new Map(role.answers).set(from, yes);
  return settle({ ...state, role: { ...role, answers } }, nowMs);
}

/** Whether the answers so far decide it. */
export function settle(state: ElectionState, nowMs: number): ElectionStep {
  const { role, settings } = state;
  if (role.phase !== "canvassing") return become(state);
  if (settings.members !== undefined) return settleMajority(state, role, settings.members, nowMs);
  if ([...role.answers.values()].includes(false)) return concede(state, nowMs);
  const isComplete = [...state.peers.keys()].every((id) => role.answers.has(id));
  return isComplete ? win(state, role, nowMs) : become(state);
}

function settleMajority(
  state: ElectionState,
  role: Canvassing,
  members: readonly string[],
  nowMs: number,
): ElectionStep {
  const majority = majorityOf(members);
  const answers = [...role.answers.values()];
  const yes = 1 + answers.filter((answer) => answer).length;
  const no = answers.length + 1 - yes;
  if (yes >= majority) return win(state, role, nowMs);
  return members.length - no < majority ? concede(state, nowMs) : become(state);
}

/** No more answers are waited for. Among those who are here, silence is consent; of a majority, it isn't. */
export function expireCanvass(state: ElectionState, nowMs: number): ElectionStep {
  const { role, settings } = state;
  if (role.phase !== "canvassing") return become(state);
  return settings.members === undefined ? win(state, role, nowMs) : concede(state, nowMs);
}

/**
 * Whoever gives up says so: those who promised are free at once.
 * @param others how many canvasses of another shall have room before our next
 */
export function concede(state: ElectionState, nowMs: number, others = 0): ElectionStep {
  const { role, settings } = state;
  if (role.phase !== "canvassing") return become(state);
  const { answerMs } = settings.timing;
  const free = { ...state, grant: undefined };
  // Not at once, or two that refuse each other would do so again and again; the higher rank sooner than the lower.
  const next = seek(free, nowMs, answerMs * (0.5 + 1.5 * others) + patienceMs(state));
  return { state: next, effects: [send("all", { t: "release", term: role.term })] };
}

function win(state: ElectionState, { term, sentMs, answers }: Canvassing, nowMs: number): ElectionStep {
  const { members, self, timing } = state.settings;
  const leaseUntilMs = (members === undefined ? nowMs : sentMs) + timing.leaseMs;
  const held = new Map([...answers].filter(([, yes]) => yes).map(([id]) => [id, sentMs]));
  const role: Leading = { phase: "leading", term, leaseUntilMs, nextBeatMs: nowMs, beat: 0, sent: new Map(), held };
  if (nowMs >= leaseUntilMs) return concede(state, nowMs);
  const won = { ...state, led: { term, by: self.id }, role };
  if (members !== undefined) return beat(won, role, nowMs);
  return andThen(keep(won, { term, votedFor: self.id }), (next) => beat(next, role, nowMs));
}
