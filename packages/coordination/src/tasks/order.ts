import { type Schema, SkeinError } from "@skein/protocol";
import type { TaskOrder } from "./core/task-state.js";
import type { DelegateOptions } from "./options.js";
import { taskCapability, taskNameLength } from "./protocol.js";

/** @throws {SkeinError} `bad-argument` */
export function orderOf(options: DelegateOptions<Schema | undefined>, id: string, nowMs: number): TaskOrder {
  const { name, requires, to, timeoutMs = 60_000, attempts = 3 } = options;
  mustBeName(name);
  mustBeCount("attempts", attempts);
  const { attemptMs = timeoutMs / attempts, nobodyMs = Math.min(5_000, timeoutMs) } = options;
  mustBeTime("timeoutMs", timeoutMs);
  mustBeTime("attemptMs", attemptMs);
  mustBeTime("nobodyMs", nobodyMs);
  const capabilities = [taskCapability(name), ...(requires ?? [])];
  return { id, name, capabilities, to, attempts, attemptMs, nobodyMs, untilMs: nowMs + timeoutMs };
}

export function mustBeName(name: string): void {
  if (typeof name === "string" && name !== "" && name.length <= taskNameLength) return;
  throw new SkeinError("bad-argument", `A task's name has 1 to ${taskNameLength} characters.`);
}

export function mustBeCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new SkeinError("bad-argument", `${count} ${what} make no sense: give a whole number from 1.`);
}

export function mustBeTime(what: string, ms: number): void {
  if (Number.isFinite(ms) && ms >= 0) return;
  throw new SkeinError("bad-argument", `${what} can't be ${ms}: give milliseconds from 0.`);
}
