import { limits } from "@skein/protocol";

/** What JSON has no word for is written as a map of one of these keys. */
type Marker = "$bytes" | "$bigint" | "$number" | "$map";

const markers: ReadonlySet<string> = new Set<Marker>(["$bytes", "$bigint", "$number", "$map"]);
const numbers: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/**
 * Plain data as JSON. Bytes become `{"$bytes": base64}`, integers beyond 2^53 `{"$bigint": digits}`, what is no finite number
 * `{"$number": "NaN"}`. A map that looks like one of these itself is wrapped: `{"$map": {…}}`.
 */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  const map = mapValues(value, toJson);
  return markerOf(value) === undefined ? map : { $map: map };
}

/** A body from JSON, or why it isn't one. The other way round of {@link toJson}. */
export type PlainValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/** Reads what {@link toJson} writes. Never throws. */
export function fromJson(json: unknown): PlainValue {
  try {
    return { ok: true, value: read(json, 0) };
  } catch (error) {
    if (error instanceof NotPlain) return { ok: false, reason: error.message };
    throw error;
  }
}

class NotPlain extends Error {}

function read(json: unknown, depth: number): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (depth > limits.depth) throw new NotPlain(`a body is nested deeper than ${limits.depth}`);
  if (Array.isArray(json)) return json.map((item) => read(item, depth + 1));
  const marker = markerOf(json);
  if (marker === undefined) return mapValues(json, (item) => read(item, depth + 1));
  return readMarked(marker, (json as Record<string, unknown>)[marker], depth);
}

function readMarked(marker: Marker, content: unknown, depth: number): unknown {
  switch (marker) {
    case "$bytes":
      if (typeof content === "string" && isBase64(content)) return new Uint8Array(Buffer.from(content, "base64"));
      throw new NotPlain("$bytes must be base64");
    case "$bigint":
      if (typeof content === "string" && /^-?\d{1,20}$/.test(content)) return BigInt(content);
      throw new NotPlain("$bigint must be an integer's digits");
    case "$number": {
      const value = numbers.get(String(content));
      if (value !== undefined) return value;
      throw new NotPlain('$number must be "NaN", "Infinity" or "-Infinity"');
    }
    case "$map":
      if (typeof content === "object" && content !== null && !Array.isArray(content)) {
        return mapValues(content, (item) => read(item, depth + 1));
      }
      throw new NotPlain("$map must be a map");
  }
}

function markerOf(map: object): Marker | undefined {
  const keys = Object.keys(map);
  const [key] = keys;
  return keys.length === 1 && key !== undefined && markers.has(key) ? (key as Marker) : undefined;
}

/** `fromEntries`, since a key such as `__proto__` must stay a key. */
function mapValues(map: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
