import { SkeinError } from "@skein/protocol";
import * as v from "valibot";
import type { Line } from "./line-splitter.js";

/** What an operation's answer is recognised by: whatever its sender chose. */
export type OperationId = string | number;

export const operationId = v.optional(v.union([v.pipe(v.string(), v.maxLength(256)), v.pipe(v.number(), v.finite())]));

/** One line out: `event` says what happened, `id` which operation it answers. */
export type OutputEvent = { readonly event: string; readonly id?: OperationId | undefined } & Readonly<
  Record<string, unknown>
>;

/** An operation that was understood, or the error that answers it. */
export type Parsed<Operation> =
  | { readonly ok: true; readonly operation: Operation }
  | { readonly ok: false; readonly error: OutputEvent };

/** Reads one line as one of a command's operations. Never throws, whatever the line is. */
export function parseOperation<Schema extends v.GenericSchema>(
  line: Line,
  schema: Schema,
): Parsed<v.InferOutput<Schema>> {
  if (!line.ok) return { ok: false, error: badLine(undefined, `${line.reason}.`) };
  let json: unknown;
  try {
    json = JSON.parse(line.text);
  } catch {
    return { ok: false, error: badLine(undefined, 'A line isn\'t JSON: each is one object, such as {"op":"peers"}.') };
  }
  const id = idOf(json);
  try {
    const parsed = v.safeParse(schema, json, { abortEarly: true });
    if (parsed.success) return { ok: true, operation: parsed.output };
    return { ok: false, error: badLine(id, explain(parsed.issues[0])) };
  } catch {
    // A schema's own code met something too deep for it.
    return { ok: false, error: badLine(id, "A line's object can't be read: is it nested very deep?") };
  }
}

/** The event that answers an operation which failed. */
export function failure(id: OperationId | undefined, error: unknown): OutputEvent {
  const { code, message, retryAfterMs } = SkeinError.from(error, "bad-argument");
  return { event: "error", ...named(id), code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** `id` where there is one. */
export function named(id: OperationId | undefined): { id?: OperationId } {
  return id === undefined ? {} : { id };
}

function badLine(id: OperationId | undefined, message: string): OutputEvent {
  return { event: "error", ...named(id), code: "bad-argument", message };
}

/** Also of what is wrong otherwise, so that its sender knows which it was. */
function idOf(json: unknown): OperationId | undefined {
  if (typeof json !== "object" || json === null || !("id" in json)) return undefined;
  const parsed = v.safeParse(operationId, json.id);
  return parsed.success ? parsed.output : undefined;
}

function explain(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? `This is no operation: ${issue.message}.` : `\`${path}\` doesn't fit: ${issue.message}.`;
}
