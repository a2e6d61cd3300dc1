import * as v from "valibot";
import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";
import { decode } from "./message-pack.js";

/** Building blocks of our own messages. Unknown keys of a map are dropped: that is how version 1.x grows. */
export const name = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.nameLength));
export const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const bytes: v.GenericSchema<Uint8Array> = v.instance(Uint8Array);
export const bytesOf = (length: number) =>
  v.pipe(
    bytes,
    v.check((value) => value.length === length, `must be ${length} bytes`),
  );
export const bytesUpTo = (most: number) =>
  v.pipe(
    bytes,
    v.check((value) => value.length <= most, `must be ${most} bytes at most`),
  );
export const list = <Item extends v.GenericSchema>(item: Item, most: number) =>
  v.pipe(v.array(item), v.maxLength(most));

export const version = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.versionLength));

/** Which versions of which app protocols a peer speaks. */
export const protocolList = v.pipe(
  v.record(name, list(version, limits.versionsPerProtocol)),
  v.check((value) => Object.keys(value).length <= limits.protocols, `must name ${limits.protocols} protocols at most`),
);

/** Decodes MessagePack and holds it against a schema. */
export function decodeAs<Schema extends v.GenericSchema>(
  schema: Schema,
  source: Uint8Array,
): Decoded<v.InferOutput<Schema>> {
  const value = decode(source);
  return value.ok ? conform(schema, value.value) : value;
}

/**
 * Holds a value against a schema. The reason names the field that doesn't fit, never its content: so only the first step
 * of the path, since the keys of an inner map are whatever the sender wrote.
 */
export function conform<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): Decoded<v.InferOutput<Schema>> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return accept(result.output);
  const [issue] = result.issues;
  const field = issue.path?.[0]?.key ?? "the value";
  return reject("malformed", `${String(field)}: expected ${issue.expected ?? issue.kind}`);
}
