import type { StandardSchemaV1 } from "@standard-schema/spec";
import { accept, type Decoded, reject } from "../decoded.js";

/**
 * What checks a body: any Standard Schema (valibot, zod, arktype, …), or a function that returns the value or throws.
 * Checks are synchronous.
 */
export type Schema<Output = unknown> = StandardSchemaV1<any, Output> | ((value: unknown) => Output);

/** What a caller passes in, before the schema's defaults and transformations. */
export type InputOf<S> = S extends StandardSchemaV1<infer Input, unknown>
  ? Input
  : S extends (value: unknown) => infer Output
    ? Output
    : never;

/** What comes out, checked. */
export type OutputOf<S> = S extends StandardSchemaV1<unknown, infer Output>
  ? Output
  : S extends (value: unknown) => infer Output
    ? Output
    : never;

/** Holds a value against a schema. The reason tells where and what, in the validator's words. */
export function validate<Output>(schema: Schema<Output>, value: unknown): Decoded<Output> {
  if (!("~standard" in schema)) {
    try {
      return accept(schema(value));
    } catch (error) {
      return reject("malformed", error instanceof Error ? error.message : String(error));
    }
  }
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    return reject("malformed", "its schema is asynchronous; messages are checked synchronously");
  }
  if (result.issues === undefined) return accept(result.value);
  const [issue] = result.issues;
  const path = issue?.path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return reject("malformed", `${path ? `${path}: ` : ""}${issue?.message ?? "doesn't fit"}`);
}
