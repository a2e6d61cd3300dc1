import { defineProtocol, limits, message } from "@skein/protocol";
import * as v from "valibot";

/** A task's name: shorter than a capability, since {@link taskCapability} makes one of it. */
export const taskNameLength = 100;
export const taskIdLength = 64;
/** A failure's text for people. */
export const failureLength = 1024;

/** What a peer is capable of that handles tasks of a name. */
export function taskCapability(name: string): string {
  return `skein.tasks/${name}`;
}

/** A task, and which of its attempts (without it: the first): with both ends of the link, this is the key under which a function runs once. */
export interface Key {
  readonly task: string;
  readonly attempt?: number | undefined;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const key = {
  task: v.pipe(v.string(), v.minLength(1), v.maxLength(taskIdLength)),
  attempt: v.optional(count),
};
const code = v.pipe(v.string(), v.maxLength(limits.nameLength));

/** What {@link createTasks} speaks: list it in `joinRoom({ protocols: [presenceProtocol, tasksProtocol] })`. */
export const tasksProtocol = defineProtocol("skein.tasks", "1.0.0", {
  run: message(v.custom<Run>(isRun, "expected a task to run")),
  /** It shall stop, and nobody waits for its outcome. */
  cancel: message(v.object(key)),
  progress: message(v.object({ ...key, value: v.optional(v.unknown()) })),
  /** A piece of the result, in order. */
  part: message(v.object({ ...key, index: count, value: v.optional(v.unknown()) })),
  done: message(v.custom<Done>(isDone, "expected a task that is done")),
  failed: message(v.object({ ...key, code, message: v.pipe(v.string(), v.maxLength(failureLength)) })),
  /** `busy`: as many run as it takes · `unknown`: it was asked for again, and knows nothing of it. It isn't run under this key. */
  refused: message(v.object({ ...key, is: v.picklist(["busy", "unknown"]) })),
});

interface Run extends Key {
  readonly name: string;
  readonly input?: unknown;
  /** It was asked for before, on a link that was lost; so many of its parts came. */
  readonly again?: { readonly parts: number } | undefined;
}

interface Done extends Key {
  readonly output?: unknown;
}

// These two are most of what goes over the wire. Each is checked on both sides, and a library's walk through a schema costs more than all
// else that is done with them.

function isRun(value: unknown): value is Run {
  if (!isDone(value)) return false;
  const { name, again } = value as Partial<Run>;
  return isText(name, taskNameLength) && (again === undefined || isCount((again as { parts?: unknown } | null)?.parts));
}

function isDone(value: unknown): value is Done {
  if (typeof value !== "object" || value === null) return false;
  const { task, attempt } = value as Partial<Done>;
  return isText(task, taskIdLength) && (attempt === undefined || isCount(attempt));
}

function isText(value: unknown, mostLength: number): boolean {
  return typeof value === "string" && value !== "" && value.length <= mostLength;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** What becomes of an attempt, as its worker says. */
export type Outcome =
  | { readonly is: "done"; readonly output?: unknown }
  | { readonly is: "failed"; readonly code: string; readonly message: string }
  /** As many run as it takes: it wasn't begun. */
  | { readonly is: "busy" }
  /** To one that was asked for again: nothing of it is known, and it won't be run under this key. */
  | { readonly is: "unknown" };

/** On the wire a first attempt goes without saying. */
export function wireKey(task: string, attempt: number): Key {
  return attempt === 1 ? { task } : { task, attempt };
}
