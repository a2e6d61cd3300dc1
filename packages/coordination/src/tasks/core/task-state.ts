import type { PeerId } from "@skein/protocol";
import type { Demand } from "./workers.js";

/** How long a worker that can't be reached has to come back with what it was given. As long it goes on with it by itself. */
export const graceMs = 15_000;

/** What was ordered. Times are of the clock that is passed in. */
export interface TaskOrder extends Demand {
  readonly id: string;
  readonly name: string;
  /** How many workers may get it, one after the other. */
  readonly attempts: number;
  /** When it is over in any case. */
  readonly untilMs: number;
  /** How long a worker may say nothing of it before another one gets it. */
  readonly attemptMs: number;
  /** How long it waits for somebody who can do it at all. */
  readonly nobodyMs: number;
}

/** An order's way. It ends when it is settled, and is forgotten then. */
export type TaskState =
  /** Nobody has it. */
  | { readonly phase: "waiting"; readonly sinceMs: number }
  | {
      readonly phase: "running";
      readonly worker: PeerId;
      readonly attempt: number;
      readonly parts: number;
      /** When its worker is slow. */
      readonly slowMs: number;
    }
  /** Its worker can't be reached: it may come back with it, or another one gets it. */
  | {
      readonly phase: "estranged";
      readonly worker: PeerId;
      readonly attempt: number;
      readonly parts: number;
      readonly untilMs: number;
    };

/** Why a task failed. `code` is one of Skein's, or whatever the worker wrote. */
export interface TaskFailure {
  readonly code: string;
  readonly message: string;
}

export type TaskResult =
  | { readonly is: "done"; readonly output: unknown; readonly worker: PeerId }
  | ({ readonly is: "failed" } & TaskFailure);

/** An order, where it stands, and what was tried. */
export interface Task {
  readonly order: TaskOrder;
  readonly state: TaskState;
  /** The last attempt's number; the first is 1. */
  readonly attempt: number;
  /** Attempts that somebody had, busy ones aside. */
  readonly taken: number;
  readonly tried: ReadonlySet<PeerId>;
  /** Who had it last. */
  readonly last?: PeerId | undefined;
  /** Why the last attempt came to nothing. */
  readonly failure?: TaskFailure | undefined;
}

/** Where those wait that ask for the same. */
export function queueOf({ name, capabilities, to }: TaskOrder): string {
  // Most ask for nothing beside the name, whose capability comes first.
  return capabilities.length === 1 && to === undefined
    ? `name ${name}`
    : JSON.stringify([name, capabilities, to ?? null]);
}
