import type { Fleet } from "./fleet.js";

/** What both ways of running the demo get. */
export interface DemoParts {
  readonly fleet: Fleet;
  readonly out: string;
  readonly signal: AbortSignal;
  /** Says who hears of a process that ended by itself. */
  readonly onDeath: (listener: (name: string, how: string) => void) => void;
}
