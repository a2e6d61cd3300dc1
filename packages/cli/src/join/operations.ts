import { limits } from "@skein/protocol";
import * as v from "valibot";
import { operationId } from "../stdio/envelope.js";
import { agreeingOperation } from "./agreeing-operations.js";

const common = { id: operationId };
const peer = v.pipe(v.string(), v.length(43));
/** `protocol/type`. */
const type = v.pipe(v.string(), v.minLength(3), v.maxLength(2 * limits.nameLength + 1), v.includes("/"));
const body = v.optional(v.unknown());
const timeoutMs = v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(24 * 60 * 60 * 1000)));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.nameLength));

/** What a program can ask of its room: one object a line. */
export const joinOperation = v.variant("op", [
  v.object({ op: v.literal("send"), ...common, to: peer, type, body }),
  v.object({ op: v.literal("broadcast"), ...common, type, body }),
  v.object({ op: v.literal("request"), ...common, to: peer, type, body, timeoutMs }),
  v.object({
    op: v.literal("respond"),
    ...common,
    /** The number that the `request` event gave. */
    request: v.pipe(v.number(), v.safeInteger()),
    body,
    /** Instead of a body: the request is refused with this sentence. */
    error: v.optional(v.pipe(v.string(), v.maxLength(1024))),
  }),
  v.object({
    op: v.literal("handle"),
    ...common,
    type,
    kind: v.optional(v.picklist(["message", "request"]), "message"),
  }),
  v.object({ op: v.literal("peers"), ...common }),
  v.object({
    op: v.literal("update"),
    ...common,
    name: v.optional(name),
    capabilities: v.optional(v.pipe(v.array(name), v.maxLength(limits.capabilities))),
    meta: body,
  }),
  v.object({ op: v.literal("leave"), ...common }),
  agreeingOperation,
]);

export type JoinOperation = v.InferOutput<typeof joinOperation>;
