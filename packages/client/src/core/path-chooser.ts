import { become, type Deadline, type Step } from "./machine.js";

/** How a link's frames travel: over a data channel, or through the server. */
export type PathKind = "direct" | "relay";

/**
 * Which of a link's paths carry its frames.
 *
 * Invariants:
 * 1. While any path is open, at least one carries.
 * 2. The direct path carries wherever it is trusted and isn't on trial; a relay costs someone.
 * 3. A direct path in doubt isn't left alone: a relay that is open carries the same frames beside it. (The link drops repeats.)
 * 4. Each time that the direct path fails, it must hold for longer before it is trusted with the frames alone: the relay
 *    carries meanwhile. So no path flaps.
 */
export interface ChooserState {
  readonly direct: Standing;
  readonly relay: Standing;
  /** How often in a row the direct path has failed. */
  readonly failures: number;
  readonly carrying: readonly PathKind[];
}

export type Standing =
  | { readonly phase: "down" }
  /** Both sides said HELLO, and nobody has answered a question yet. */
  | { readonly phase: "open" }
  | { readonly phase: "trusted"; readonly sinceMs: number }
  /** `before` is what stood when the doubt came up. */
  | { readonly phase: "suspect"; readonly sinceMs: number; readonly before: Trusted | undefined };

interface Trusted {
  readonly standing: Standing;
  readonly failures: number;
}

export type ChooserEvent =
  | { readonly type: "opened"; readonly path: PathKind }
  | { readonly type: "trusted"; readonly path: PathKind }
  | { readonly type: "suspect"; readonly path: PathKind; readonly reason: string }
  | { readonly type: "down"; readonly path: PathKind; readonly reason: string }
  | { readonly type: "woke" };

/** From now on these carry, and no others. The reason is for people. */
export interface ChooserEffect {
  readonly type: "carry";
  readonly paths: readonly PathKind[];
  readonly reason: string;
}

/** A doubt that was dispelled so soon was no failure. */
const mereDoubtMs = 1_000;
/** A direct path that was trusted for so long has made up for its failures. */
export const forgivenMs = 60_000;
const trialFirstMs = 1_000;
const trialMostMs = 60_000;
const down: Standing = { phase: "down" };

export const startChooser: ChooserState = { direct: down, relay: down, failures: 0, carrying: [] };

type ChooserStep = Step<ChooserState, ChooserEffect>;

export function stepChooser(state: ChooserState, event: ChooserEvent, nowMs: number): ChooserStep {
  const next = event.type === "woke" ? state : take(state, event, nowMs);
  const carrying = choose(next, nowMs);
  if (carrying.join() === state.carrying.join()) return become(next);
  const reason = explain(next, carrying, event);
  return { state: { ...next, carrying }, effects: [{ type: "carry", paths: carrying, reason }] };
}

/** When the trial of a direct path ends. */
export function chooserDeadline({ direct, failures, carrying }: ChooserState): Deadline | undefined {
  if (direct.phase !== "trusted" || carrying.join() === "direct") return undefined;
  return { atMs: direct.sinceMs + trialMs(failures), reason: "the direct path has held" };
}

/** How long a direct path that failed so often must hold. The first failure may have been a mere doubt. */
export function trialMs(failures: number): number {
  return failures < 2 ? 0 : Math.min(trialMostMs, trialFirstMs * 2 ** (failures - 1));
}

type PathEvent = Exclude<ChooserEvent, { type: "woke" }>;

function take(state: ChooserState, event: PathEvent, nowMs: number): ChooserState {
  const { direct, failures } = state;
  if (event.path === "direct" && event.type === "trusted" && direct.phase === "suspect") {
    const { before, sinceMs } = direct;
    if (before !== undefined && nowMs - sinceMs <= mereDoubtMs) {
      return { ...state, direct: before.standing, failures: before.failures };
    }
  }
  const next = { ...state, [event.path]: stand(state, event, nowMs) };
  // To be doubted, or lost, after having been trusted: that is a failure.
  if (direct.phase !== "trusted" || next.direct.phase === "trusted") return next;
  return { ...next, failures: nowMs - direct.sinceMs >= forgivenMs ? 1 : failures + 1 };
}

function stand(state: ChooserState, event: PathEvent, nowMs: number): Standing {
  const before = state[event.path];
  switch (event.type) {
    case "opened":
      return before.phase === "down" ? { phase: "open" } : before;
    case "trusted":
      return before.phase === "open" || before.phase === "suspect" ? { phase: "trusted", sinceMs: nowMs } : before;
    case "suspect":
      if (before.phase === "down" || before.phase === "suspect") return before;
      return {
        phase: "suspect",
        sinceMs: nowMs,
        before: before.phase === "trusted" ? { standing: before, failures: state.failures } : undefined,
      };
    case "down":
      return down;
  }
}

function choose({ direct, relay, failures }: ChooserState, nowMs: number): readonly PathKind[] {
  if (direct.phase === "down") return relay.phase === "down" ? [] : ["relay"];
  if (relay.phase === "down") return ["direct"];
  switch (direct.phase) {
    case "trusted":
      if (nowMs >= direct.sinceMs + trialMs(failures)) return ["direct"];
      return relay.phase === "suspect" ? ["direct", "relay"] : ["relay"];
    case "open":
      return relay.phase === "suspect" ? ["direct", "relay"] : ["relay"];
    case "suspect":
      return ["direct", "relay"];
  }
}

/** For people: why it changed. */
function explain(state: ChooserState, next: readonly PathKind[], event: ChooserEvent): string {
  const { carrying, direct, failures } = state;
  const why = "reason" in event ? event.reason : undefined;
  if (next.length === 0) return why ?? "there is no path";
  if (next.length === 2) return `the ${direct.phase === "suspect" ? "direct path" : "relay"} is in doubt: both carry`;
  if (next[0] === "direct") {
    if (carrying.includes("direct")) return "the direct path answers again";
    return failures === 0 || carrying.length === 0 ? "a direct path is open" : "the direct path holds";
  }
  if (carrying.length === 0) return "there is no direct path: the relay carries";
  return `the direct path is ${why === undefined ? "on trial" : `lost (${why})`}: the relay carries`;
}
