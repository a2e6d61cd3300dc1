/** How vectors write what JSON has no word for: bytes as `{"$bytes": hex}`, whole numbers beyond 2^53 as `{"$int": decimal}`. */

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

export const fill = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

/** Bytes that count up: each differs from its neighbour, so that a shift shows. */
export const run = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);

export function toVector(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: hex(value) };
  if (typeof value === "bigint") return { $int: `${value}` };
  if (Array.isArray(value)) return value.map(toVector);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, some]) => [key, toVector(some)]));
}

export function fromVector(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromVector);
  if (typeof value !== "object" || value === null) return value;
  const { $bytes, $int } = value as { $bytes?: string; $int?: string };
  if ($bytes !== undefined) return unhex($bytes);
  if ($int !== undefined) return BigInt($int);
  return Object.fromEntries(Object.entries(value).map(([key, some]) => [key, fromVector(some)]));
}

/** The same bytes with one bit of one of them turned. */
export function turned(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}
