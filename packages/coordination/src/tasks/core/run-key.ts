import type { PeerId } from "@skein/protocol";

/** Which of whose tasks, and which attempt at it. */
export interface RunKey {
  readonly peer: PeerId;
  readonly task: string;
  readonly attempt: number;
}

/** Of one peer's: no two have the same. */
export function textOf(task: string, attempt: number): string {
  return `${attempt} ${task}`;
}
