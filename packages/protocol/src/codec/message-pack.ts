import { type Options, Unpackr } from "msgpackr/unpack";
import { concatBytes } from "../bytes.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { SkeinError } from "../errors.js";
import { bufferMostBytes, Encoder, NotPlain } from "./encoder.js";
import { checkShape, type Shape } from "./shape.js";

const plain = {
  useRecords: false,
  mapsAsObjects: true,
  // A number where it is safe, a bigint beyond. The library's types don't know it, its documentation does.
  int64AsType: "auto",
};
const unpackr = new Unpackr(plain as Options);

/** Taken while it is used: an app's getter may encode something else in the middle of a value. */
let spareEncoder: Encoder | undefined;

/**
 * Writes a value as plain MessagePack: null, booleans, numbers, strings, `Uint8Array`, arrays and plain objects.
 * What is undefined is left out of an object, and null in an array. The result is a view into a buffer that other values
 * share: copy it before it is kept for long or transferred.
 * @throws {SkeinError} `bad-body` for anything else: a Date, a Map, a function, a cycle.
 */
export function encode(value: unknown): Uint8Array {
  const encoder = spareEncoder ?? new Encoder();
  spareEncoder = undefined;
  try {
    const bytes = encoder.encode(value);
    // A buffer that grew beyond that isn't kept for other values.
    if (bytes.buffer.byteLength <= bufferMostBytes) spareEncoder = encoder;
    return bytes;
  } catch (error) {
    throw error instanceof NotPlain ? notPlain(error) : error;
  }
}

function notPlain({ message }: NotPlain): SkeinError {
  return new SkeinError(
    "bad-body",
    `This value can't be written as plain MessagePack (it holds ${message}): use null, booleans, numbers, strings, ` +
      "Uint8Array, arrays and plain objects, nested 32 deep at most; a Date goes as its ISO text or as milliseconds.",
  );
}

/** Reads plain MessagePack that came from somewhere else. Byte strings are views into `source`. */
export function decode(source: Uint8Array): Decoded<unknown> {
  const bytes = withoutBuffer(source);
  const shape = checkShape(bytes);
  if (!shape.ok) return shape;
  try {
    return accept(unpackr.unpack(keepByteOrderMarks(bytes, shape.value)));
  } catch {
    return reject("malformed", "isn't MessagePack");
  }
}

/**
 * The same bytes, as the one kind of array that every platform has. Node's Buffer has other rules: its `slice` shares where
 * an array's copies, and it shows itself as JSON of its own.
 */
function withoutBuffer(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * msgpackr 2.1 swallows a byte order mark at the start of a string of over 64 bytes (its TextDecoder lacks `ignoreBOM`).
 * Each such string, rare as it is, is given a second mark to lose.
 */
function keepByteOrderMarks(bytes: Uint8Array, shape: Shape): Uint8Array {
  if (shape.marked.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const { head, text, length } of shape.marked) {
    const header = new Uint8Array(8);
    header[0] = 0xdb;
    new DataView(header.buffer).setUint32(1, length + 3);
    header.set([0xef, 0xbb, 0xbf], 5);
    parts.push(bytes.subarray(done, head), header);
    done = text;
  }
  return concatBytes(...parts, bytes.subarray(done));
}
