import type { PeerId } from "@skein/protocol";
import type { Outcome } from "../protocol.js";
import type { TaskFailure, TaskOrder, TaskResult } from "./task-state.js";

export type TaskEvent =
  | { readonly type: "delegate"; readonly order: TaskOrder }
  | { readonly type: "cancel"; readonly task: string; readonly failure: TaskFailure }
  /** A peer is here, or says something else of itself. */
  | { readonly type: "worker"; readonly id: PeerId; readonly capabilities: readonly string[]; readonly load: number }
  | { readonly type: "gone"; readonly id: PeerId }
  /** `misfit`: it says that it is done, and what it brings isn't what was ordered. */
  | {
      readonly type: "outcome";
      readonly worker: PeerId;
      readonly task: string;
      readonly attempt: number;
      readonly outcome: Outcome | ({ readonly is: "misfit" } & TaskFailure);
    }
  | {
      readonly type: "progress";
      readonly worker: PeerId;
      readonly task: string;
      readonly attempt: number;
      readonly value: unknown;
    }
  | {
      readonly type: "part";
      readonly worker: PeerId;
      readonly task: string;
      readonly attempt: number;
      readonly index: number;
      readonly value: unknown;
    }
  /** What was to be asked could not be sent. */
  | { readonly type: "unsent"; readonly task: string; readonly attempt: number; readonly failure: TaskFailure }
  | { readonly type: "woke" };

export type TaskEffect =
  /** Ask it to run; `again` where it was asked before, on a link that is lost. If it can't be sent, feed `unsent`. */
  | {
      readonly type: "ask";
      readonly worker: PeerId;
      readonly task: string;
      readonly attempt: number;
      readonly again: { readonly parts: number } | undefined;
    }
  /** Nobody waits for this attempt any more: tell its worker. */
  | { readonly type: "call-off"; readonly worker: PeerId; readonly task: string; readonly attempt: number }
  | {
      readonly type: "progress";
      readonly task: string;
      readonly worker: PeerId;
      readonly attempt: number;
      readonly value: unknown;
    }
  | {
      readonly type: "part";
      readonly task: string;
      readonly worker: PeerId;
      readonly attempt: number;
      readonly index: number;
      readonly value: unknown;
    }
  /** Another worker gets it. */
  | {
      readonly type: "handed-over";
      readonly task: string;
      readonly from: PeerId;
      readonly to: PeerId;
      readonly reason: TaskFailure;
    }
  | { readonly type: "settle"; readonly task: string; readonly result: TaskResult };

/** What was turned away, and what was tried more than once. */
export interface TaskCounts {
  /** Results of attempts that were given up before: dropped. */
  readonly late: number;
  /** What came for no attempt that we know of, or of a peer that it wasn't given to: dropped. */
  readonly stray: number;
  readonly busy: number;
  readonly handedOver: number;
}
