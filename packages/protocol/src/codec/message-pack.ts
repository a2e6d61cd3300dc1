import { type Options, Packr } from "msgpackr";
import { accept, type Decoded, reject } from "../decoded.js";
import { SkeinError } from "../errors.js";
import { checkShape } from "./shape.js";

// Plain MessagePack: no records, no extensions, shortest headers. `undefined` in a map is left out, as in JSON.
const plain = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  // The library's types know neither of the next two, its documentation does.
  skipValues: [undefined],
  // A number where it is safe, a bigint beyond.
  int64AsType: "auto",
};
const packr = new Packr(plain as Options);

/**
 * Writes a value as plain MessagePack: null, booleans, numbers, strings, `Uint8Array`, arrays and plain objects.
 * @throws {SkeinError} `bad-body` for anything else: a Date, a Map of non-strings, a function, a cycle.
 */
export function encode(value: unknown): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = packr.pack(value);
  } catch (cause) {
    throw notPlain(cause);
  }
  const shape = checkShape(bytes);
  if (!shape.ok) throw notPlain(shape.reason);
  return bytes;
}

function notPlain(cause: unknown): SkeinError {
  return new SkeinError(
    "bad-body",
    "This value can't be written as plain MessagePack: use null, booleans, numbers, strings, Uint8Array, arrays and plain " +
      "objects, nested 32 deep at most (a Date goes as its ISO text or as milliseconds).",
    { cause },
  );
}

/** Reads plain MessagePack that came from somewhere else. Byte strings are views into `bytes`. */
export function decode(bytes: Uint8Array): Decoded<unknown> {
  const shape = checkShape(bytes);
  if (!shape.ok) return shape;
  try {
    return accept(packr.unpack(bytes));
  } catch {
    return reject("malformed", "isn't MessagePack");
  }
}
