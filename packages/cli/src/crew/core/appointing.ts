/** What the agent that leads does so that exactly one keeps the index. Others do nothing. */
export type Appointing =
  | { readonly phase: "following" }
  /** Nothing is to be done now: all is as it should be, or was a moment ago. */
  | { readonly phase: "watching"; readonly untilMs: number | undefined }
  | { readonly phase: "voting" };

/** What an agent sees of the others, and of itself. */
export interface Sight {
  readonly leads: boolean;
  /** Who says that it keeps the index. */
  readonly keepers: readonly string[];
  /** Who would, the best first. */
  readonly candidates: readonly string[];
}

export type AppointingEvent =
  | { readonly type: "look"; readonly sight: Sight }
  /** A vote is over, however it ended. */
  | { readonly type: "voted"; readonly sight: Sight };

export interface Appointed {
  readonly state: Appointing;
  /** Whom to put to the vote. */
  readonly propose?: string;
}

/** Whoever is missing now may be on its way, and who was elected says so a moment later. */
const settleMs = 1_000;

export const following: Appointing = { phase: "following" };

/** The next state, and what to do. Ask again at `untilMs`. */
export function appoint(state: Appointing, { type, sight }: AppointingEvent, nowMs: number): Appointed {
  if (!sight.leads) return { state: following };
  if (type === "look" && state.phase === "voting") return { state };
  if (sight.keepers.length === 1) return { state: { phase: "watching", untilMs: undefined } };
  const isDue = state.phase === "watching" && state.untilMs !== undefined && nowMs >= state.untilMs;
  const [best] = sight.candidates;
  if (isDue && best !== undefined) return { state: { phase: "voting" }, propose: best };
  const isWaiting = state.phase === "watching" && state.untilMs !== undefined && !isDue;
  return { state: isWaiting ? state : { phase: "watching", untilMs: nowMs + settleMs } };
}
