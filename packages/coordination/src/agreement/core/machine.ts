/**
 * What a core makes of an event: the next state, and what to do about it. A shell feeds events in, carries effects out, and
 * keeps one timer for the deadline.
 */
export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** When to feed the core its `woke` event, and for people, why. */
export interface Deadline {
  readonly atMs: number;
  readonly reason: string;
}

/** A step that does nothing but change the state. */
export function become<State>(state: State): Step<State, never> {
  return { state, effects: [] };
}
