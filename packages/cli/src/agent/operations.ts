import * as v from "valibot";
import { operationId } from "../stdio/envelope.js";

const common = { id: operationId };

/** What a program can ask of an agent that holds files: one object a line. */
export const agentOperation = v.variant("op", [
  v.object({
    op: v.literal("find"),
    ...common,
    words: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
    /** Lines that each agent may answer. */
    most: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)), 100),
  }),
  v.object({
    op: v.literal("get"),
    ...common,
    file: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
    /** The folder to put it into. */
    to: v.pipe(v.string(), v.minLength(1)),
  }),
  /** Who holds a file. */
  v.object({ op: v.literal("locate"), ...common, file: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)) }),
  v.object({ op: v.literal("list"), ...common }),
  v.object({ op: v.literal("peers"), ...common }),
  /** Gives up the operation of that id. */
  v.object({ op: v.literal("cancel"), ...common, operation: v.union([v.string(), v.number()]) }),
  v.object({ op: v.literal("leave"), ...common }),
]);

export type AgentOperation = v.InferOutput<typeof agentOperation>;
