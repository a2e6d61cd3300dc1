/**
 * The shape of every core: a pure step from a state and an event to the next state and what to do about it, and the time
 * at which the state wants to be woken. A shell feeds events in, carries effects out, and keeps one timer for the deadline.
 */
export interface Machine<State, Event, Effect> {
  step(state: State, event: Event, nowMs: number): Step<State, Effect>;
  deadline(state: State): Deadline | undefined;
}

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** When to feed the machine its `woke` event, and for people, why. */
export interface Deadline {
  readonly atMs: number;
  readonly reason: string;
}

/** A step that does nothing but change the state. */
export function become<State>(state: State): Step<State, never> {
  return { state, effects: [] };
}
