import type { StandardSchemaV1 } from "@standard-schema/spec";
import { accept, type Decoded, reject } from "../decoded.js";

/**
 * What checks a body: any Standard Schema (valibot, zod, arktype, …), or a function that returns the value or throws.
 * Checks are synchronous.
 */
export type Schema<Output = unknown> = StandardSchemaV1<any, Output> | ((value: unknown) => Output);

/** What a caller passes in, before the schema's defaults and transformations. */
export type InputOf<S> =
  S extends StandardSchemaV1<infer Input, unknown>
    ? Input
    : S extends (value: unknown) => infer Output
      ? Output
      : never;

/** What comes out, checked. */
export type OutputOf<S> =
  S extends StandardSchemaV1<unknown, infer Output>
    ? Output
    : S extends (value: unknown) => infer Output
      ? Output
      : never;

/**
 * Holds a value against a schema. Never throws, whatever the validator does. The reason tells where and what, in the
 * validator's words: those may repeat the value, so it is for the caller and not for a log.
 */
export function validate<Output>(schema: Schema<Output>, value: unknown): Decoded<Output> {
  try {
    return check(schema, value);
  } catch (error) {
    return reject("malformed", error instanceof Error ? error.message : "its schema threw something that is no Error");
  }
}

function check<Output>(schema: Schema<Output>, value: unknown): Decoded<Output> {
  if (!("~standard" in schema)) {
    const output = schema(value);
    return isPromise(output) ? asynchronous(output) : accept(output);
  }
  const result = schema["~standard"].validate(value);
  if (isPromise(result)) return asynchronous(result);
  if (result.issues === undefined) return accept(result.value);
  const [issue] = result.issues;
  const path = issue?.path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return reject("malformed", `${path ? `${path}: ` : ""}${issue?.message ?? "doesn't fit"}`);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function asynchronous(promise: PromiseLike<unknown>): Decoded<never> {
  // What it comes to is of no use to anyone, nor is its failure.
  promise.then(
    () => {},
    () => {},
  );
  return reject("malformed", "its schema is asynchronous; messages are checked synchronously");
}
