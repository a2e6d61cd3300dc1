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

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(taskNameLength));
/** A task, and which of its attempts: with both ends of the link, this is the key under which a function runs once. */
const key = { task: v.pipe(v.string(), v.minLength(1), v.maxLength(taskIdLength)), attempt: count };

const outcome = v.variant("is", [
  v.object({ ...key, is: v.literal("done"), output: v.optional(v.unknown()) }),
  v.object({
    ...key,
    is: v.literal("failed"),
    code: v.pipe(v.string(), v.maxLength(limits.nameLength)),
    message: v.pipe(v.string(), v.maxLength(failureLength)),
  }),
  /** As many run as it takes: it wasn't begun. */
  v.object({ ...key, is: v.literal("busy") }),
  /** To one that was asked for again: nothing of it is known, and it won't be run under this key. */
  v.object({ ...key, is: v.literal("unknown") }),
]);

/** What {@link createTasks} speaks: list it in `joinRoom({ protocols: [presenceProtocol, tasksProtocol] })`. */
export const tasksProtocol = defineProtocol("skein.tasks", "1.0.0", {
  run: message(
    v.object({
      ...key,
      name,
      input: v.optional(v.unknown()),
      /** It was asked for before, on a link that was lost; so many of its parts came. */
      again: v.optional(v.object({ parts: count })),
    }),
  ),
  /** It shall stop, and nobody waits for its outcome. */
  cancel: message(v.object(key)),
  progress: message(v.object({ ...key, value: v.optional(v.unknown()) })),
  /** A piece of the result, in order. */
  part: message(v.object({ ...key, index: count, value: v.optional(v.unknown()) })),
  outcome: message(outcome),
});

/** What becomes of an attempt, as its worker says. */
export type Outcome =
  | { readonly is: "done"; readonly output?: unknown }
  | { readonly is: "failed"; readonly code: string; readonly message: string }
  | { readonly is: "busy" }
  | { readonly is: "unknown" };
