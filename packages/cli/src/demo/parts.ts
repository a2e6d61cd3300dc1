import type { Fleet } from "./fleet.js";
import type { Happenings } from "./happenings.js";
import type { Member } from "./member.js";

/** What both ways of running the demo get. */
export interface DemoParts {
  readonly fleet: Fleet;
  readonly member: Member;
  readonly happenings: Happenings;
  readonly out: string;
  readonly signal: AbortSignal;
}
