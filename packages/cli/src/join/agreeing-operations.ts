import { limits } from "@skein/protocol";
import * as v from "valibot";
import { operationId } from "../stdio/envelope.js";

const common = { id: operationId };
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.nameLength));
const timeoutMs = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(24 * 60 * 60 * 1000)));
const choice = v.picklist(["yes", "no", "abstain"]);
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** What a program can ask of those it agrees with, where it said `--agree`. */
export const agreeingOperation = v.variant("op", [
  v.object({ op: v.literal("leader"), ...common }),
  v.object({ op: v.literal("resign"), ...common }),
  v.object({
    op: v.literal("propose"),
    ...common,
    kind: name,
    body: v.optional(v.unknown()),
    rule: v.optional(v.union([v.picklist(["majority", "unanimous"]), v.object({ quorum: count })]), "majority"),
    /** Who is asked: everyone who is linked, and ourselves, unless it says otherwise. */
    electorate: v.optional(v.pipe(v.array(v.pipe(v.string(), v.length(43))), v.minLength(1))),
    choice: v.optional(choice, "yes"),
    timeoutMs,
  }),
  v.object({ op: v.literal("decide"), ...common, kind: name }),
  v.object({
    op: v.literal("vote"),
    ...common,
    /** The number that the `proposal` event gave. */
    proposal: count,
    choice,
  }),
  v.object({ op: v.literal("lock"), ...common, lock: name, leaseMs: timeoutMs, timeoutMs }),
  v.object({ op: v.literal("unlock"), ...common, lock: name }),
]);

export type AgreeingOperation = v.InferOutput<typeof agreeingOperation>;

const names: ReadonlySet<string> = new Set(agreeingOperation.options.map(({ entries }) => entries.op.literal));

export function isAgreeing(operation: { readonly op: string }): operation is AgreeingOperation {
  return names.has(operation.op);
}
