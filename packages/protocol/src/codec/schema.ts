import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";
import { decode } from "./message-pack.js";

/**
 * What a value of our own messages must be. Gives the value without the keys of a map that aren't known: that is how
 * version 1.x grows. Why one is rejected is told by our own names of fields, never by what the sender wrote.
 */
export type WireSchema<Value> = (value: unknown) => Decoded<Value>;

/** What a schema gives. */
export type Output<Schema> = Schema extends WireSchema<infer Value> ? Value : never;

function schemaOf<Value>(expected: string, fits: (value: unknown) => boolean): WireSchema<Value> {
  const misfit = reject("malformed", `expected ${expected}`);
  return (value) => (fits(value) ? accept(value as Value) : misfit);
}

const range = (least: number, most: number) => (least === most ? most : `${least} to ${most}`);

const notAMap = reject("malformed", "expected a map");

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Any plain value, or none. */
export const anything: WireSchema<unknown> = accept;
export const boolean = schemaOf<boolean>("true or false", (value) => typeof value === "boolean");
/** Whole or not. */
export const number = schemaOf<number>("a number", (value) => typeof value === "number" && !Number.isNaN(value));
/** A whole number from 0 to 2^53 - 1. */
export const count = schemaOf<number>("a count", (value) => Number.isSafeInteger(value) && (value as number) >= 0);

/** This very value. */
export function literal<const Value extends string | number>(only: Value): WireSchema<Value> {
  return schemaOf(JSON.stringify(only), (value) => value === only);
}

/** One of these values. */
export function oneOf<const Value extends string | number>(...values: readonly Value[]): WireSchema<Value> {
  return schemaOf(values.map((value) => JSON.stringify(value)).join(" or "), (value) =>
    values.includes(value as Value),
  );
}

/** A text of so many characters (units of UTF-16). */
export function text(most: number, least = 0): WireSchema<string> {
  const fits = (value: unknown) => typeof value === "string" && value.length >= least && value.length <= most;
  return schemaOf(`a text of ${range(least, most)} characters`, fits);
}

/** A name of whatever {@link limits.nameLength} speaks of. */
export const name = text(limits.nameLength, 1);
const version = text(limits.versionLength, 1);

/** So many bytes. */
export function bytesUpTo(most: number, least = 0): WireSchema<Uint8Array> {
  const fits = (value: unknown) => value instanceof Uint8Array && value.length >= least && value.length <= most;
  return schemaOf(`${range(least, most)} bytes`, fits);
}

/** Exactly so many bytes. */
export function bytesOf(length: number): WireSchema<Uint8Array> {
  return bytesUpTo(length, length);
}

/** A field that may be left out. */
export function optional<Value>(schema: WireSchema<Value>): WireSchema<Value | undefined> {
  return (value) => (value === undefined ? accept(value) : schema(value));
}

/** An array of so many items. */
export function list<Item>(item: WireSchema<Item>, most: number, least = 0): WireSchema<Item[]> {
  const misfit = reject("malformed", `expected a list of ${range(least, most)}`);
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return misfit;
    const items: Item[] = [];
    for (const each of value) {
      const read = item(each);
      if (!read.ok) return read;
      items.push(read.value);
    }
    return accept(items);
  };
}

type Fields = Readonly<Record<string, WireSchema<unknown>>>;
type OptionalKey<F extends Fields> = { [Key in keyof F]: undefined extends Output<F[Key]> ? Key : never }[keyof F];
type FieldsOutput<F extends Fields> = { [Key in Exclude<keyof F, OptionalKey<F>>]: Output<F[Key]> } & {
  [Key in OptionalKey<F>]?: Output<F[Key]>;
};
/** As one type, which people can read. */
type Flat<Value> = { [Key in keyof Value]: Value[Key] };

/** A map with these fields. */
export function object<F extends Fields>(fields: F): WireSchema<Flat<FieldsOutput<F>>> {
  return (value) => {
    if (!isObject(value)) return notAMap;
    const known: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries(fields)) {
      const read = schema(value[key]);
      if (!read.ok) return reject("malformed", `${key}: ${read.reason}`);
      if (read.value !== undefined) known[key] = read.value;
    }
    return accept(known as Flat<FieldsOutput<F>>);
  };
}

/** Names that reach an object's prototype where they are used as keys. */
const passedOver: ReadonlySet<string> = new Set(["constructor", "prototype"]);

/** Which versions of which app protocols a peer speaks. */
export const protocolList = record(list(version, limits.versionsPerProtocol), limits.protocols);

/** A map from names of the sender's own. */
function record<Value>(schema: WireSchema<Value>, most: number): WireSchema<Record<string, Value>> {
  return (value) => {
    if (!isObject(value)) return notAMap;
    const known: [string, Value][] = [];
    for (const [key, each] of Object.entries(value)) {
      if (passedOver.has(key)) continue;
      const named = name(key);
      if (!named.ok) return named;
      const read = schema(each);
      if (!read.ok) return read;
      known.push([key, read.value]);
    }
    return known.length > most
      ? reject("malformed", `expected ${most} names at most`)
      : accept(Object.fromEntries(known));
  };
}

/** Decodes MessagePack and holds it against a schema. */
export function decodeAs<Value>(schema: WireSchema<Value>, source: Uint8Array): Decoded<Value> {
  const value = decode(source);
  return value.ok ? schema(value.value) : value;
}
