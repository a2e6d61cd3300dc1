import type { Task, TaskFailure } from "./task-state.js";

export const lostWorker: TaskFailure = {
  code: "link-lost",
  message: "The worker was lost, and nobody else has the task.",
};

export const lostTask: TaskFailure = {
  code: "link-lost",
  message: "The worker lost the task, and nobody else has it.",
};

export function nobodyDoes(name: string): TaskFailure {
  return { code: "no-such-peer", message: `Nobody who can be reached does "${name}" as it is asked for.` };
}

export function tooSlow(attemptMs: number): TaskFailure {
  return { code: "timeout", message: `The worker said nothing for ${attemptMs} ms.` };
}

export function timedOut({ order, state, failure }: Task): TaskFailure {
  return { code: "timeout", message: `The task "${order.name}" wasn't done in time: ${where(state.phase, failure)}.` };
}

function where(phase: Task["state"]["phase"], failure: TaskFailure | undefined): string {
  if (phase === "running") return "it is with a worker that hasn't finished";
  if (failure === undefined) return "all who can do it are busy";
  return `the last attempt came to nothing: ${failure.message}`;
}

/** Why a task couldn't be sent. No other worker would make it any smaller; one that speaks no tasks is passed over. */
export function blameOf({ code }: TaskFailure): "task" | "worker" | "link" {
  if (code === "too-large" || code === "bad-body" || code === "closed") return "task";
  return code === "protocol-mismatch" ? "worker" : "link";
}
