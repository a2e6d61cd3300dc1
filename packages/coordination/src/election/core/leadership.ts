import { become } from "../../agreement/core/machine.js";
import {
  andThen,
  type ElectionState,
  type ElectionStep,
  isMember,
  keep,
  type Leading,
  type MessageOf,
  majorityOf,
  type Settings,
  send,
} from "./state.js";

/** Tells everyone that we lead. */
export function beat(state: ElectionState, role: Leading, nowMs: number): ElectionStep {
  const { timing, members, self } = state.settings;
  const number = role.beat + 1;
  const sent = new Map([...role.sent].filter(([, atMs]) => nowMs < atMs + timing.leaseMs)).set(number, nowMs);
  const next: Leading = { ...role, beat: number, sent, nextBeatMs: nowMs + timing.beatMs };
  const effects = [send("all", { t: "lead", term: role.term, beat: number })];
  if (members === undefined) {
    return { state: { ...state, role: { ...next, leaseUntilMs: nowMs + timing.leaseMs } }, effects };
  }
  const grant = { to: self.id, term: role.term, untilMs: nowMs + timing.grantMs };
  return { state: { ...state, grant, role: extend(state.settings, members, next, nowMs) }, effects };
}

/** The present beat, for one who may not know of us. */
export function present({ role }: ElectionState, to: string): ElectionStep["effects"] {
  return role.phase === "leading" ? [send(to, { t: "lead", term: role.term, beat: role.beat })] : [];
}

export function handleHeld(
  state: ElectionState,
  from: string,
  message: MessageOf<"held">,
  nowMs: number,
): ElectionStep {
  const { role, settings } = state;
  if (role.phase !== "leading" || role.term !== message.term || settings.members === undefined) return become(state);
  const sentMs = role.sent.get(message.beat);
  // One that we never sent, or of long ago: a lease of it would be over.
  if (sentMs === undefined || !isMember(state, from)) return become(state);
  const held = new Map(role.held).set(from, Math.max(sentMs, role.held.get(from) ?? 0));
  return become({ ...state, role: extend(settings, settings.members, { ...role, held }, nowMs) });
}

/** The lease counts from the latest moment by which a majority, ourselves among them, had answered. */
function extend({ timing }: Settings, members: readonly string[], role: Leading, nowMs: number): Leading {
  const others = majorityOf(members) - 1;
  const sentMs = others === 0 ? nowMs : [...role.held.values()].sort((a, b) => b - a)[others - 1];
  if (sentMs === undefined) return role;
  return { ...role, leaseUntilMs: Math.max(role.leaseUntilMs, sentMs + timing.leaseMs) };
}

/** Without members: a term above what others have seen, so that they accept us. */
export function raise(state: ElectionState, term: number, nowMs: number): ElectionStep {
  const { role, settings } = state;
  if (role.phase !== "leading" || settings.members !== undefined || term < role.term) return become(state);
  const raised = { ...role, term: term + 1 };
  const led = { term: term + 1, by: settings.self.id };
  const next = { ...state, heardTerm: Math.max(state.heardTerm, term + 1), led, role: raised };
  return andThen(keep(next, { term: term + 1, votedFor: settings.self.id }), (kept) => beat(kept, raised, nowMs));
}
