/**
 * One change of bytes as a hostile sender would make it. Places are numbers that are taken modulo what there is, so that any change can be
 * made to any bytes, and a shrunk one is a change as well.
 */
export type Mutation =
  /** One bit is another. */
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "set"; readonly at: number; readonly byte: number }
  | { readonly kind: "truncate"; readonly at: number }
  | { readonly kind: "extend"; readonly bytes: Uint8Array }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly count: number }
  /** A part comes again and again. */
  | { readonly kind: "repeat"; readonly at: number; readonly count: number; readonly times: number }
  /** From some place on, another example goes on from some place of its own. */
  | { readonly kind: "splice"; readonly at: number; readonly example: number; readonly from: number }
  /** A number is written over what is there: a length that lies, a count that overflows. */
  | { readonly kind: "number"; readonly at: number; readonly value: number; readonly form: NumberForm }
  /** What is there is wrapped in so many arrays or maps of one. */
  | { readonly kind: "nest"; readonly at: number; readonly depth: number; readonly of: "arrays" | "maps" }
  /** A MessagePack value says that it is of another type. */
  | { readonly kind: "retype"; readonly at: number; readonly head: number };

/** How numbers are written on the wire: LEB128, or with a fixed width, most significant byte first. */
export type NumberForm = "varint" | "u8" | "u16" | "u32" | "u64";

/** The ways in which numbers are written on the wire, which mutations know. */
export const numberForms: readonly NumberForm[] = ["varint", "u8", "u16", "u32", "u64"];

/** Numbers around which readers go wrong. The last ones are beyond what may go on the wire. */
export const awkwardNumbers: readonly number[] = [
  ...[0, 1, 2, 3, 127, 128, 255, 256, 1_023, 1_024, 1_025, 16_000, 16_383, 16_384, 65_535, 65_536],
  ...[2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 2 ** 64],
];

/** The first bytes of MessagePack values: one of each type and width, those that are turned away among them. */
export const messagePackHeads: readonly number[] = [
  ...[0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xe0, 0xff],
  ...Array.from({ length: 0x20 }, (_, i) => 0xc0 + i),
];

/** No change makes more of bytes than this: a reader's own bounds are what is looked at, not the test's memory. */
export const mutatedBytesMost = 256 * 1024;

/** Bytes as a mutation leaves them; `examples` are what others may be spliced from. Changes nothing in place. */
export function mutate(bytes: Uint8Array, mutation: Mutation, examples: readonly Uint8Array[]): Uint8Array {
  return change(bytes, mutation, examples).slice(0, mutatedBytesMost);
}

function change(bytes: Uint8Array, mutation: Mutation, examples: readonly Uint8Array[]): Uint8Array {
  switch (mutation.kind) {
    case "flip":
      return over(bytes, mutation.at, (byte) => [byte ^ (1 << (mutation.bit % 8))]);
    case "set":
      return over(bytes, mutation.at, () => [mutation.byte]);
    case "retype":
      return over(bytes, mutation.at, () => [mutation.head]);
    case "truncate":
      return bytes.subarray(0, placeIn(bytes, mutation.at));
    case "extend":
      return replace(bytes, bytes.length, 0, mutation.bytes);
    case "insert":
      return replace(bytes, placeIn(bytes, mutation.at), 0, mutation.bytes);
    case "remove":
      return replace(bytes, placeIn(bytes, mutation.at), mutation.count, []);
    case "repeat":
      return repeat(bytes, mutation);
    case "splice":
      return splice(bytes, mutation, examples);
    case "number": {
      const written = numberBytes(mutation.value, mutation.form);
      return replace(bytes, placeIn(bytes, mutation.at), written.length, written);
    }
    case "nest":
      return replace(bytes, placeIn(bytes, mutation.at), 0, nesting(mutation));
  }
}

/** A place among them, their end included. */
function placeIn(bytes: Uint8Array, at: number): number {
  return at % (bytes.length + 1);
}

function over(bytes: Uint8Array, at: number, change: (byte: number) => readonly number[]): Uint8Array {
  if (bytes.length === 0) return bytes;
  const place = at % bytes.length;
  return replace(bytes, place, 1, change(bytes[place] as number));
}

function replace(bytes: Uint8Array, at: number, count: number, by: ArrayLike<number>): Uint8Array {
  const behind = bytes.subarray(Math.min(bytes.length, at + count));
  const changed = new Uint8Array(at + by.length + behind.length);
  changed.set(bytes.subarray(0, at));
  changed.set(by, at);
  changed.set(behind, at + by.length);
  return changed;
}

function repeat(bytes: Uint8Array, { at, count, times }: Extract<Mutation, { kind: "repeat" }>): Uint8Array {
  const place = placeIn(bytes, at);
  const part = bytes.subarray(place, place + count);
  if (part.length === 0) return bytes;
  const fitting = Math.min(times, Math.floor(mutatedBytesMost / part.length));
  const run = new Uint8Array(part.length * fitting);
  for (let i = 0; i < fitting; i++) run.set(part, i * part.length);
  return replace(bytes, place, 0, run);
}

function splice(
  bytes: Uint8Array,
  { at, example, from }: Extract<Mutation, { kind: "splice" }>,
  examples: readonly Uint8Array[],
): Uint8Array {
  const other = examples[example % Math.max(1, examples.length)] ?? bytes;
  const rest = other.subarray(placeIn(other, from));
  const place = placeIn(bytes, at);
  return replace(bytes, place, bytes.length, rest);
}

function nesting({ depth, of }: Extract<Mutation, { kind: "nest" }>): Uint8Array {
  // An array of one value, or a map of one whose key is the empty string.
  const wrap = of === "arrays" ? [0x91] : [0x81, 0xa0];
  return Uint8Array.from({ length: wrap.length * depth }, (_, i) => wrap[i % wrap.length] as number);
}

function numberBytes(value: number, form: NumberForm): number[] {
  if (form === "varint") return varint(value);
  const width = Number(form.slice(1)) / 8;
  return Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** (8 * (width - 1 - i))) % 256);
}

/** As LEB128 has it, also beyond what the wire allows. */
function varint(value: number): number[] {
  const written: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) written.push((rest % 0x80) | 0x80);
  return [...written, rest];
}
